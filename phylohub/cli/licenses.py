"""The commands about licenses of one model: its license lineage and its bill of materials."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from phylohub.cli.errors import FAILED, exit_on_errors
from phylohub.cli.groups import LOOK, SHARE, App
from phylohub.cli.look import ModelArgument, note, show
from phylohub.core.files import write_file
from phylohub.core.terminal import print_line
from phylohub.explore.licenses import Severity, has_finding, license_parts, read_licenses
from phylohub.explore.warehouse import find_model, open_warehouse

app = App(LOOK)


class SpecVersion(StrEnum):
    """Versions of CycloneDX that have machine-learning models as components with expressions of licenses."""

    V1_6 = "1.6"
    V1_7 = "1.7"


@app.command()
@exit_on_errors()
def licenses(
    model: ModelArgument,
    width: Annotated[int, typer.Option(min=1, help="Ancestors to show, the nearest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON with the column names of the marts.")] = False,
    fail_on: Annotated[
        Severity | None, typer.Option(help="Exit with code 1 if a finding is of this severity or worse.")
    ] = None,
) -> None:
    """Show the license lineage of a model: the terms that reach it, from whom, and what its own license drops.

    Facts as tags and cards declare them, never legal advice.
    """
    with open_warehouse(note) as warehouse:
        profile = read_licenses(warehouse, find_model(warehouse, model, note))
    if as_json:
        typer.echo(json.dumps(profile, indent=2))  # escapes all characters outside ASCII
    else:
        for part in license_parts(profile, width):
            show(part)
    if fail_on is not None and has_finding(profile, fail_on):
        note(f"a finding is of severity {fail_on.value} or worse")
        raise typer.Exit(FAILED)


@app.command(rich_help_panel=SHARE)
@exit_on_errors()
def bom(
    model: ModelArgument,
    spec_version: Annotated[
        SpecVersion, typer.Option(help="Version of the CycloneDX specification.")
    ] = SpecVersion.V1_6,
    to: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
) -> None:
    """Write the bill of materials of a model as CycloneDX JSON: licenses, ancestors, datasets and papers.

    Facts as tags and cards declare them, never legal advice.
    """
    from phylohub.explore.bom import read_bom

    with open_warehouse(note) as warehouse:
        text = read_bom(warehouse, find_model(warehouse, model, note), spec_version.value)
    if to is None:
        typer.echo(text, nl=False)
        return
    write_file(to, text)
    print_line(f"wrote {to}")
