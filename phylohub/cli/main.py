"""The entry point of `phylohub`: collects the commands of all groups."""

import typer

from phylohub.cli import build, ingest, look, share, synthetic

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Family trees of the models on the Hugging Face Hub: land records, explore and publish the results.",
    epilog="Exit codes: 0 success, 1 error (the message states the reason), 2 wrong usage, 130 interrupted by Ctrl-C.",
)
app.add_typer(ingest.app, name="ingest")
ingest.app.add_typer(build.contract_app, name="contract")
for group in (build, look, share, synthetic):
    app.add_typer(group.app)


def main() -> None:
    """Run the command line."""
    app(prog_name="phylohub")


if __name__ == "__main__":
    main()
