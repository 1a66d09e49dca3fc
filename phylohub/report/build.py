"""Writes the report: whole, or not at all."""

import base64
import hashlib
import shutil
import tempfile
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from phylohub.core.build_file import connect
from phylohub.core.errors import PhylohubError
from phylohub.report import evolution, families, growth, models, overview, pairs, similarity, traits
from phylohub.report.content import Column, Page
from phylohub.report.marts import Marts
from phylohub.report.style import DARK, draw
from phylohub.report.text import number, share, shown

TEMPLATES = Path(__file__).parent / "templates"
MARK = "phylohub report"  # in every page: only a folder that holds a report is replaced by one


def write_report(database: Path, to: Path) -> int:
    """Write the report of the marts in `database` to the folder `to`; return the number of figures.

    The folder appears whole; what was there stays until the new one is complete, and if anything goes wrong.

    Raises PhylohubError when there are no marts, or `to` holds something that is no report.
    """
    with connect(database, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        marts = Marts(connection)
        old = _aside(to)
        if not to.exists() and old.exists():  # a run was killed between its two renames
            old.rename(to)
        _check(to)
        to.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{to.name}.", dir=to.parent))
        try:
            n_figures = _write(marts, part)
            part.chmod(0o755)
            _swap(part, to)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return n_figures


def _aside(to: Path) -> Path:
    return to.with_name(f".{to.name}.old")


def _check(to: Path) -> None:
    if not to.exists():
        return
    if not to.is_dir():
        raise PhylohubError(f"{to} is a file. Name a folder with --to.")
    index = to / "index.html"
    if any(to.iterdir()) and not (
        index.exists() and MARK in index.read_text(encoding="utf-8", errors="replace")[:2000]
    ):
        raise PhylohubError(
            f"{to} holds something that is no report, and would be replaced. Name another folder with --to."
        )


def _swap(part: Path, to: Path) -> None:
    """Put the new folder in the place of the old one; if that fails the old one is back."""
    old = _aside(to)
    shutil.rmtree(old, ignore_errors=True)
    if to.exists():
        to.rename(old)
    try:
        part.rename(to)
    except OSError:
        with suppress(OSError):
            old.rename(to)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _pages(marts: Marts) -> tuple[list[Page], bool, str]:
    synthetic, said = overview.caveats(marts)
    made = [overview.page(marts, said, synthetic)]
    made += [module.page(marts) for module in (traits, evolution, similarity, families, growth, pairs, models)]
    scope = "Its numbers are those of this snapshot; what is called the study's are of the whole Hub, "
    return made, synthetic, f"{said[0]} {scope}{marts.published['models']:,.0f} models."


def _write(marts: Marts, folder: Path) -> int:
    made, synthetic, snapshot = _pages(marts)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = _cell
    environment.filters["shown"] = shown
    style = environment.get_template("report.css.j2").render(dark=DARK)
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    template = environment.get_template("page.html.j2")
    (folder / "figures").mkdir()
    n_figures = 0
    for page in made:
        drawings: dict[str, str] = {}
        for section in page.sections:
            for figure in section.figures:
                svg, png = draw(figure.chart, figure.finding)
                (folder / "figures" / f"{figure.name}.svg").write_text(svg, encoding="utf-8", newline="\n")
                (folder / "figures" / f"{figure.name}.png").write_bytes(png)
                drawings[figure.name] = svg
                n_figures += 1
        html = template.render(
            page=page,
            pages=made,
            drawings=drawings,
            synthetic=synthetic,
            snapshot=snapshot,
            mark=MARK,
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
        (folder / page.file).write_text(html, encoding="utf-8", newline="\n")
    return n_figures


def _hash(text: str) -> str:
    """What the page's policy lets run: this text and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _cell(value: object, column: Column) -> str:
    if column.kind == "count" and isinstance(value, int | float | Decimal):
        return number(value)  # a published copy has decimals where the build file has 128 bit integers
    if column.kind == "share" and (value is None or isinstance(value, float)):
        return share(value)
    if column.kind == "decimal" and isinstance(value, int | float):
        small = value != 0 and abs(value) < 0.001
        return f"{value:.1e}" if small else number(value, 0 if abs(value) >= 1000 else 3)
    if column.kind == "decimal" and isinstance(value, str):
        return value  # a number that `measured` has formatted already
    return shown(value)
