"""Writes the report atomically: the folder appears complete, or the old one stays."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from phylohub.core.build_file import connect
from phylohub.core.errors import PhylohubError
from phylohub.core.locks import BusyError, held_lock
from phylohub.report import (
    families,
    growth,
    history,
    inheritance,
    licenses,
    overview,
    pairs,
    similarity,
    top_models,
    traits,
)
from phylohub.report.content import Column, Page
from phylohub.report.headlines import small_figures
from phylohub.report.marts import Marts
from phylohub.report.style import DARK, draw
from phylohub.report.text import format_number, format_share, safe_text
from phylohub.trees.atlas import atlas_page
from phylohub.trees.viewer import HUB, source_hash

TEMPLATES = Path(__file__).parent / "templates"
MARK = "phylohub report"  # in every page, so that only a folder with a report is ever replaced
INDEX, ATLAS, MANIFEST = "index.html", "atlas.html", "manifest.json"
LOCK = ".phylohub-report"  # in a folder that is being written, and locked until it is complete


def write_report(database: Path, to: Path) -> int:
    """Write the report of the marts in `database` to the folder `to`; return the number of figures.

    An older report in `to` is replaced once the new one is complete, and stays if anything fails. Other files in `to`
    stay in any case.

    Raises PhylohubError if `database` has no marts, or if `to` is a file or holds anything but a report.
    """
    with connect(database, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        marts = Marts(connection)
        old = _backup(to)
        if not to.exists() and old.exists():  # a run was killed between the two renames of _swap
            old.rename(to)
        _check_replaceable(to)
        to.parent.mkdir(parents=True, exist_ok=True)
        _delete_leftovers(to)
        with _new_folder(to) as part:
            n_figures = _write(marts, part)
            _write_manifest(part)
            part.chmod(0o755)
            _swap(part, to)
            (to / LOCK).unlink()
    return n_figures


@contextmanager
def _new_folder(to: Path) -> Iterator[Path]:
    """A hidden folder beside the report, which is deleted unless it was renamed."""
    part = Path(tempfile.mkdtemp(prefix=f".{to.name}.", dir=to.parent))
    try:
        with held_lock(part / LOCK):
            yield part
    finally:
        if part.exists():
            _delete(part, last=LOCK)


def _delete_leftovers(to: Path) -> None:
    """Delete the hidden folders that killed runs left: those with our lock file that no process holds, or empty."""
    for part in to.parent.iterdir():
        suffix = part.name.removeprefix(f".{to.name}.")
        if part.name == suffix or not re.fullmatch("[a-z0-9_]{8}", suffix) or part.is_symlink() or not part.is_dir():
            continue
        if not os.path.lexists(part / LOCK):
            with suppress(OSError):
                part.rmdir()
            continue
        with suppress(BusyError), held_lock(part / LOCK):
            _delete(part, last=LOCK)


def _delete(folder: Path, last: str) -> None:
    """Delete a folder, and the file that marks it as ours last, so that an interrupted deletion can be completed."""
    for path in folder.iterdir():
        if path.name == last:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    with suppress(OSError):
        (folder / last).unlink(missing_ok=True)
        folder.rmdir()


def _backup(to: Path) -> Path:
    return to.with_name(f".{to.name}.old")


def _check_replaceable(to: Path) -> None:
    if not to.exists():
        return
    if not to.is_dir():
        raise PhylohubError(f"{to} is a file. Choose a folder: `phylohub report --to FOLDER`.")
    index = to / INDEX
    if any(to.iterdir()) and not (
        index.exists() and MARK in index.read_text(encoding="utf-8", errors="replace")[:2000]
    ):
        raise PhylohubError(
            f"{to} holds files other than a report, and is not replaced. Choose another folder: "
            "`phylohub report --to FOLDER`."
        )


def _swap(part: Path, to: Path) -> None:
    """Rename the new folder to its final name; if that fails, restore the old one. Files that are not the report's stay
    in the folder."""
    old = _backup(to)
    _check_replaceable(old)
    names = _all_files(part)
    if old.exists() and to.exists():
        _dissolve(old, to, names)
    if to.exists():
        if both := sorted((_all_files(to) - _report_files(to, names)) & names):
            raise PhylohubError(
                f"{to / both[0]} is not of the report, but the new report has a file of that name. Move it away, or "
                "choose another folder: `phylohub report --to FOLDER`."
            )
        to.rename(old)
    try:
        part.rename(to)
    except OSError:
        with suppress(OSError):
            old.rename(to)
        raise
    if old.exists():
        _dissolve(old, to, names)


def _dissolve(old: Path, to: Path, names: set[str]) -> None:
    """Delete the files of an old report, and move all others to the new one. The page that marks the folder as a report
    goes last, so that the next run completes what was interrupted."""
    ours = _report_files(old, names)
    for name in sorted(ours - {INDEX, MANIFEST}):
        (old / name).unlink(missing_ok=True)

    def move(folder: Path) -> None:
        for path in sorted((old / folder).iterdir()):
            name = folder / path.name
            if name.as_posix() in ours or name == Path(LOCK):
                continue
            is_shared = path.is_dir() and not path.is_symlink() and (to / name).is_dir()
            if is_shared:
                move(name)
                path.rmdir()
            elif os.path.lexists(to / name):
                raise PhylohubError(f"{path} cannot be moved to {to}, which has a file of that name. Move it away.")
            else:
                path.rename(to / name)

    move(Path())
    for name in (LOCK, MANIFEST, INDEX):
        (old / name).unlink(missing_ok=True)
    old.rmdir()


def _report_files(folder: Path, names: set[str]) -> set[str]:
    """The files of a report, as its manifest lists them. Earlier versions wrote none: then those named like `names`."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        listed = manifest["files"] if manifest["generator"] == MARK else names
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        listed = names
    return _all_files(folder) & {name for name in listed if isinstance(name, str)}


def _all_files(folder: Path) -> set[str]:
    """The paths of all files in a folder, below it; links are not followed."""
    return {
        (Path(parent, name).relative_to(folder)).as_posix()
        for parent, folders, files in os.walk(folder)
        for name in (*files, *(name for name in folders if Path(parent, name).is_symlink()))
    } - {LOCK}


def _write_manifest(folder: Path) -> None:
    """List the files of the report: only these are replaced by the next one."""
    manifest = {"generator": MARK, "files": sorted({*_all_files(folder), MANIFEST})}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8", newline="\n")


def _pages(marts: Marts) -> tuple[list[Page], bool, str]:
    """Return all pages, whether the hub is synthetic, and a sentence that names the snapshot."""
    synthetic, caveats = overview.caveats(marts)
    pages = [overview.page(marts, caveats, synthetic)]
    pages += [
        module.page(marts)
        for module in (traits, inheritance, licenses, similarity, families, growth, history, pairs, top_models)
    ]
    scope = f"The study's numbers are of the whole Hub, {marts.published['models']:,.0f} models."
    return pages, synthetic, f"{caveats[0]} {scope}"


def _write(marts: Marts, folder: Path) -> int:
    pages, synthetic, snapshot = _pages(marts)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = _cell
    environment.filters["safe_text"] = safe_text
    environment.filters["code"] = _code
    environment.filters["hub_address"] = hub_address
    style = environment.get_template("report.css.j2").render(dark=DARK)
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    template = environment.get_template("page.html.j2")
    (folder / "figures").mkdir()
    links = [*((page.file, page.title) for page in pages), (ATLAS, "Atlas")]
    drawings: dict[str, str] = {}
    titles: dict[str, str] = {}
    for figure in (figure for page in pages for section in page.sections for figure in section.figures):
        svg, png = draw(figure.chart, figure.finding)
        (folder / "figures" / f"{figure.name}.svg").write_text(svg, encoding="utf-8", newline="\n")
        (folder / "figures" / f"{figure.name}.png").write_bytes(png)
        drawings[figure.name], titles[figure.name] = svg, figure.title
    highlights = [(file, name, titles[name]) for file, name in small_figures(pages)]
    for page in pages:
        html = template.render(
            page=page,
            pages=pages,
            links=links,
            drawings=drawings,
            highlights=highlights,
            synthetic=synthetic,
            snapshot=snapshot,
            mark=MARK,
            style=style,
            script=script,
            style_hash=source_hash(style),
            script_hash=source_hash(script),
        )
        (folder / page.file).write_text(html, encoding="utf-8", newline="\n")
    html, _ = atlas_page(marts.connection, pages=links, here=ATLAS, mark=MARK)
    (folder / ATLAS).write_text(html, encoding="utf-8", newline="\n")
    return len(drawings)


def hub_address(model_id: object) -> str:
    """The address of a model on the Hub."""
    return HUB + quote(str(model_id), safe="/")


def _code(text: str) -> Markup:
    """Render text in backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 (escaped above)


def _cell(value: object, column: Column) -> str:
    if column.kind == "count" and isinstance(value, int | float | Decimal):
        return format_number(value)  # Decimal in a published copy, which has no 128-bit integers
    if column.kind == "share" and (value is None or isinstance(value, float)):
        return format_share(value)
    if column.kind == "decimal" and isinstance(value, int | float):
        small = value != 0 and abs(value) < 0.001
        return f"{value:.1e}" if small else format_number(value, 0 if abs(value) >= 1000 else 3)
    if column.kind == "decimal" and isinstance(value, str):
        return value  # `format_figure` has formatted it
    return safe_text(value)
