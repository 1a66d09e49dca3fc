"""The commands for trying things out without the Hub: a synthetic hub, and a server with the Hub's API."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from phylohub.cli.errors import exit_on_errors
from phylohub.cli.groups import BUILD, App
from phylohub.core.errors import PhylohubError
from phylohub.core.terminal import print_line

app = App(BUILD)


@app.command()
@exit_on_errors()
def hub(
    path: Annotated[Path, typer.Argument(help="The file to write: .jsonl, or compressed as .jsonl.gz or .jsonl.zst.")],
    models: Annotated[int, typer.Option(min=1, help="Number of models to generate.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Random seed: another seed gives another hub.")] = 1,
    cards: Annotated[
        Path | None, typer.Option(help="Also write the models' cards to this file, for `phylohub ingest cards --file`.")
    ] = None,
    drift: Annotated[
        bool, typer.Option("--drift/--no-drift", help="Whether mutations follow an order, or have no direction.")
    ] = True,
) -> None:
    """Write a synthetic hub to a file: made-up models, marked as synthetic everywhere."""
    from phylohub.synthetic.hub import write_hub

    path.parent.mkdir(parents=True, exist_ok=True)
    lines = write_hub(path, models, seed, cards, drift=drift)
    print_line(f"generated {models:,} synthetic models, {lines:,} records: {path}")


@app.command()
@exit_on_errors()
def fakehub(
    records: Annotated[Path, typer.Argument(help="Records to serve: any file or folder that can be landed.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free port.")] = 8765,
    cards: Annotated[Path | None, typer.Option(help="Cards to serve: JSON Lines with id and card.")] = None,
) -> None:
    """Serve records on this machine with the Hub's API, to try out a crawl without the Hub.

    The server implements the API of models and files: pages, cursors, cards with ETags, and errors. Ctrl-C stops it.
    """
    from phylohub.ingest.cards import read_cards
    from phylohub.ingest.readers import find_sources, read_batches
    from phylohub.synthetic.fake_hub import FakeHub

    batches = [batch for source in find_sources(records)[0] for batch in read_batches(source)]
    served = [card for batch in batches for card in batch.cards if card] + list(read_cards(cards) if cards else [])
    try:
        hub = FakeHub(
            (record for batch in batches for record in batch.records),
            {card.model_id: card.text for card in served if card.text is not None},
            port=port,
        )
    except OSError as error:
        raise PhylohubError(f"Port {port} cannot be used: {error.strerror}. Choose another with --port.") from error
    with hub:
        print_line(f"serving {len(hub.listed()):,} models and {len(hub.cards):,} cards until Ctrl-C; crawl them with:")
        print_line(f"HF_ENDPOINT={hub.url} phylohub ingest models")
        sys.stdout.flush()
        hub.closing.wait()
