"""The commands that write results for others: publish and report."""

from pathlib import Path
from typing import Annotated

import typer

from phylohub.cli.errors import exit_on_errors
from phylohub.cli.groups import SHARE, App
from phylohub.core.build_file import connect_to_copy, database_path
from phylohub.core.files import write_file
from phylohub.core.terminal import print_line, print_note

app = App(SHARE)


@app.command()
@exit_on_errors("The previous report is kept.")
def report(
    to: Annotated[
        Path, typer.Option(help="The folder to write. If it holds a report, the new report replaces it.")
    ] = Path("build/report"),
) -> None:
    """Write the figures and tables of the marts as a folder of HTML pages that open from disk without a network."""
    from phylohub.report.build import write_report

    n_figures = write_report(database_path(), to)
    print_line(f"report: {to / 'index.html'} ({n_figures} figures, each as SVG and PNG in {to / 'figures'})")


@app.command()
@exit_on_errors()
def atlas(
    to: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("build/atlas.html"),
    models: Annotated[
        int, typer.Option(min=1, help="Draw the largest families with at most this many models in all.")
    ] = 2_000_000,
    link: Annotated[
        str, typer.Option(help="Address of a model's page; its id is appended.", show_default="the Hub")
    ] = "https://huggingface.co/",
) -> None:
    """Write all families as one picture to zoom and search: an HTML page that opens from disk without a network."""
    from phylohub.explore.warehouse import open_warehouse
    from phylohub.trees.atlas import atlas_page

    with open_warehouse(print_note) as warehouse:
        html, n_models = atlas_page(warehouse.connection, models, link=link)
    to.parent.mkdir(parents=True, exist_ok=True)
    write_file(to, html)
    print_line(f"atlas: {to} ({n_models:,} models, {len(html) / 1e6:,.1f} MB)")


@app.command()
@exit_on_errors("The version published before is still current.")
def publish(
    to: Annotated[
        Path | None, typer.Option(help="Folder of published versions. Default: `published` beside the build file.")
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="Number of versions to keep.")] = 3,
    force: Annotated[bool, typer.Option(help="Publish even if the last dbt build failed.")] = False,
) -> None:
    """Publish a read-only copy of the marts for BI tools: a DuckDB file, Parquet files and a manifest.

    Readers of the previous version are not disturbed. Opening `current` afterwards gives the new version.
    """
    from phylohub.operate.publish import publish as publish_marts

    folder = to or database_path().parent / "published"
    with connect_to_copy(database_path()) as connection:
        done = publish_marts(connection, folder, keep=keep, force=force)
    print_line(f"published {done.n_marts} marts ({done.n_rows:,} rows) as version {done.version}: {folder / 'current'}")
