"""`make bench-table`: what `make bench` measured, as tables in docs/performance.md and README.md, and as a plot.

The tables replace what stands between the markers `<!-- bench:NAME -->` and `<!-- /bench -->`.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import altair as alt
import duckdb

from benchmarks.process import ROOT, fingerprint, machine
from benchmarks.run import PIPELINE, load_results
from benchmarks.stages import DBT, STAGES

Results = dict[str, dict[str, Any]]
Rows = list[list[str]]

PAGE, README, PLOT = ROOT / "docs" / "performance.md", ROOT / "README.md", ROOT / "docs" / "performance.svg"
COPY = ROOT / "benchmarks" / "results.json"


def table(header: list[str], rows: Rows) -> str:
    """A Markdown table, its first column to the left and all others to the right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def short(results: Results) -> str:
    rows = []
    for size, found in results.items():
        cpu = found["land"]["cpu"] + found["build"]["cpu"]
        rows.append(
            [
                f"{int(size):,}",
                _seconds(found["land"]["wall"] + found["build"]["wall"]),
                _seconds(cpu),
                f"{cpu / found['floor']['cpu']:,.0f}",
                _megabytes(max(found["land"]["peak_bytes"], found["build"]["peak_bytes"])),
                f"{_megabytes(found['build']['bytes'])} ({found['build']['bytes'] / found['hub']['bytes']:.0%})",
                _cost(found.get("study_draws"), found["land"]),
                _cost(found.get("notebook")),
            ]
        )
    header = ["models", "wall s", "CPU s", "times the floor", "peak MB", "build file MB (of NDJSON)"]
    return table([*header, "at the study's draws: CPU s, MB", "notebook: CPU s, MB"], rows)


def stages(results: Results) -> str:
    columns = {size: _stages(found) for size, found in results.items() if "stages" in found}
    rows = [
        [stage, *(_stage(costs.get(stage)) for costs in columns.values())]
        for stage in ("hub", "floor", "land", *STAGES, DBT)
    ]
    return table(["CPU s, wall s, peak MB", *(f"{int(size):,} models" for size in columns)], rows)


def notebook(results: Results) -> str:
    columns = {size: found["notebook"]["steps"] for size, found in results.items() if "notebook" in found}
    steps = list(dict.fromkeys(step for found in columns.values() for step in found))
    rows = [
        [step, *(_seconds(found[step]["cpu"]) if step in found else "" for found in columns.values())] for step in steps
    ]
    return table(["notebook, CPU s", *(f"{int(size):,} models" for size in columns)], rows)


def growing(results: Results) -> str:
    """A second snapshot, builds in place, and cards."""
    rows = []
    for size, found in results.items():
        row = [f"{int(size):,}", *[""] * 6]
        if changed := found.get("changed"):
            row[1] = f"{_seconds(changed['land']['cpu'])} + {_seconds(changed['cpu'])}"
            row[2] = f"{_seconds(changed['full']['cpu'])} ({changed['cpu'] / changed['full']['cpu']:.0%})"
        if rebuilds := found.get("rebuilds"):
            first = rebuilds["built"][0]
            row[3] = f"{max(rebuilds['built']) / first - 1:+.0%}"
            row[4] = f"{max(rebuilds['compacted']) / first - 1:+.0%}"
        if cards := found.get("cards"):
            row[5] = f"{cards['bytes'] / 1e9:.2f} GB: {_seconds(cards['cpu'])} + {_seconds(_more(found, 'cpu'))}"
            row[6] = _seconds((cards["wall"] + _more(found, "wall")) / cards["bytes"] * 1e9)
        if any(row[1:]):
            rows.append(row)
    header = ["models", "1 % changed: landing + build, CPU s", "in full, CPU s (share)"]
    header += ["largest of ten builds in place", "the same compacted", "cards: landing + more in the build, CPU s"]
    return table([*header, "wall s a GB"], rows)


def _more(found: dict[str, Any], key: str) -> float:
    """What the build with cards costs beyond the one without."""
    return max(0.0, float(found["cards"]["build"][key] - found["build"][key]))


def plot(results: Results) -> Any:
    """CPU seconds of each stage against the number of models, both on a logarithmic scale."""
    rows = [
        {"models": int(size), "stage": stage, "CPU seconds": max(cost["cpu"], 0.01)}
        for size, found in results.items()
        for stage, cost in _stages(found).items()
        if stage != "hub"
    ]
    rows += [
        {"models": int(size), "stage": "notebook", "CPU seconds": found["notebook"]["cpu"]}
        for size, found in results.items()
        if "notebook" in found
    ]
    return (
        alt.Chart({"values": rows}, width=520, height=360)
        .mark_line(point=True)
        .encode(
            x=alt.X("models:Q", scale=alt.Scale(type="log"), title="models").axis(format="~s"),
            y=alt.Y("CPU seconds:Q", scale=alt.Scale(type="log"), title="CPU seconds"),
            # More stages than the usual scheme has colours: it would give two the same.
            color=alt.Color("stage:N", sort=["notebook", "land", *STAGES, DBT, "floor"], title=None).scale(
                scheme="tableau20"
            ),
        )
    )


def _stages(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {**{name: found[name] for name in ("hub", "floor", "land")}, **found.get("stages", {}).get("stages", {})}


def _stage(cost: dict[str, float] | None) -> str:
    if cost is None:
        return ""
    peak = f", {_megabytes(cost['peak_bytes'])}" if cost["peak_bytes"] else ""
    return f"{_seconds(cost['cpu'])}, {_seconds(cost['wall'])}{peak}"


def _cost(cost: dict[str, Any] | None, before: dict[str, Any] | None = None) -> str:
    if cost is None:
        return "not run"
    costs = [cost] + ([before] if before else [])
    return f"{_seconds(sum(c['cpu'] for c in costs))}, {_megabytes(max(c['peak_bytes'] for c in costs))}"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.1f}" if seconds >= 1 else f"{seconds:.2f}"


def _megabytes(count: float) -> str:
    return f"{count / 1e6:,.0f}"


def replace(page: Path, name: str, text: str) -> None:
    """Put a text between the markers of that name. Raises SystemExit if the page has none."""
    old = page.read_text()
    place = re.compile(rf"(?<=<!-- bench:{name} -->\n).*?(?=\n<!-- /bench -->)", re.DOTALL)
    new, count = place.subn(lambda _: text, old)
    if count != 1:
        sys.exit(f"error: {page.name} has {count} places for the table {name}; it needs one")
    page.write_text(new)


def main() -> None:
    needed = {"hub", "floor", "land", "build"}
    results = {
        size: found
        for size, found in sorted(load_results().items(), key=lambda item: int(item[0]))
        if needed <= set(found)
    }
    if not results:
        sys.exit("error: nothing has been measured yet: make bench")
    current = fingerprint(PIPELINE)
    for size, found in results.items():
        if found["build"]["fingerprint"] != current:
            print(f"note: {int(size):,} models were measured with other code: make bench SIZES={size}")
    taken = max(found["build"]["taken_at"] for found in results.values())[:10]
    load = max(found["build"]["load_before"] for found in results.values())
    # Two of load may be the measurement before.
    busy = f" Others used the machine (load {load}): wall times are upper bounds." if load > 3 else ""
    where = f"{machine()}, DuckDB {duckdb.__version__}; {taken}.{busy}"
    replace(README, "short", f"{short(results)}\n\n{where}")
    replace(PAGE, "short", f"{where}\n\n{short(results)}")
    replace(PAGE, "stages", stages(results))
    replace(PAGE, "growing", growing(results))
    replace(PAGE, "notebook", notebook(results))
    plot(results).save(PLOT)
    COPY.write_text(json.dumps({"machine": where, "results": results}, indent=1) + "\n")
    print(f"rewrote the tables in {PAGE.name} and {README.name}, {PLOT.name} and {COPY.name}")


if __name__ == "__main__":
    main()
