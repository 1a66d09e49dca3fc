"""Where `phylohub` starts."""

import sys

EXPLORING = ("tree", "diff", "model")


def main() -> None:
    """Run the command line.

    Who asks about a model wants the answer at once: those commands do without what landing records loads (the Hub's
    client, Arrow, NumPy), which takes longer than the answer itself. Otherwise they are commands like all others.
    """
    if sys.argv[1:2] and sys.argv[1] in EXPLORING:
        from phylohub.cli.explore import app
    else:
        from phylohub.cli.all import app
    app(prog_name="phylohub")
