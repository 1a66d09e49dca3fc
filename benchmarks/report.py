"""Write the results of `make bench` as tables in docs/performance.md and README.md, and as a plot (`make bench-table`).

The tables replace the text between the markers `<!-- bench:NAME -->` and `<!-- /bench -->`. Without new measurements,
the tables are written from the stored ones in benchmarks/results.json.
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
from benchmarks.stages import DBT, TESTS

Results = dict[str, dict[str, Any]]
Rows = list[list[str]]

PAGE, README, PLOT = ROOT / "docs" / "performance.md", ROOT / "README.md", ROOT / "docs" / "performance.svg"
STORED = ROOT / "benchmarks" / "results.json"


def table(header: list[str], rows: Rows) -> str:
    """A Markdown table with the first column aligned left and all others right."""
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
        for stage in ("hub", "floor", "land", *stage_names(results))
    ]
    return table(["CPU s, wall s, peak MB", *(f"{int(size):,} models" for size in columns)], rows)


def stage_names(results: Results) -> list[str]:
    """The stages as they were named when measured, by CPU time at the largest size; tests and dbt come last."""
    cpu: dict[str, float] = {}
    for found in results.values():  # by ascending size
        cpu |= {stage: cost["cpu"] for stage, cost in found.get("stages", {}).get("stages", {}).items()}
    last = (TESTS, DBT)
    return [*sorted(cpu.keys() - last, key=lambda stage: (-cpu[stage], stage)), *(s for s in last if s in cpu)]


def notebook(results: Results) -> str:
    columns = {size: found["notebook"]["steps"] for size, found in results.items() if "notebook" in found}
    steps = list(dict.fromkeys(step for found in columns.values() for step in found))
    rows = [
        [step, *(_seconds(found[step]["cpu"]) if step in found else "" for found in columns.values())] for step in steps
    ]
    return table(["notebook, CPU s", *(f"{int(size):,} models" for size in columns)], rows)


def growing(results: Results) -> str:
    """A second snapshot, rebuilds in place, and cards."""
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
            row[5] = f"{cards['bytes'] / 1e9:.2f} GB: {_seconds(cards['cpu'])} + {_seconds(_cards_extra(found, 'cpu'))}"
            row[6] = _seconds((cards["wall"] + _cards_extra(found, "wall")) / cards["bytes"] * 1e9)
        if any(row[1:]):
            rows.append(row)
    header = ["models", "1 % changed: land + build, CPU s", "full refresh, CPU s (changed / full)"]
    header += ["largest file of ten rebuilds", "after compact", "cards: land + extra build, CPU s"]
    return table([*header, "cards: wall s per GB"], rows)


def _cards_extra(found: dict[str, Any], key: str) -> float:
    """The additional cost of the build with cards."""
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
            # There are more stages than colors in the default scheme.
            color=alt.Color("stage:N", sort=["notebook", "land", *stage_names(results), "floor"], title=None).scale(
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
    """Replace the text between the markers of that name. Raises SystemExit if the page does not have exactly one."""
    old = page.read_text()
    place = re.compile(rf"(?<=<!-- bench:{name} -->\n).*?(?=\n<!-- /bench -->)", re.DOTALL)
    new, count = place.subn(lambda _: text, old)
    if count != 1:
        sys.exit(f"error: {page.name} has {count} markers <!-- bench:{name} -->, expected 1")
    page.write_text(new)


def measured() -> tuple[Results, str]:
    """The complete results by ascending size, and a line on the machine; the stored ones if nothing was measured."""
    needed = {"hub", "floor", "land", "build"}
    results = {
        size: found
        for size, found in sorted(load_results().items(), key=lambda item: int(item[0]))
        if needed <= set(found)
    }
    if not results:
        print(f"note: no results in build/bench, using {STORED.relative_to(ROOT)}; to measure, run: make bench")
        stored = json.loads(STORED.read_text())
        return stored["results"], stored["machine"]
    taken = max(found["build"]["taken_at"] for found in results.values())[:10]
    load = max(found["build"]["load_before"] for found in results.values())
    # The previous measurement alone can cause a load of 2.
    busy = f" Others used the machine (load {load}): wall times are upper bounds." if load > 3 else ""
    return results, f"{machine()}, DuckDB {duckdb.__version__}; {taken}.{busy}"


def main() -> None:
    results, where = measured()
    current = fingerprint(PIPELINE)
    for size, found in results.items():
        if found["build"]["fingerprint"] != current:
            print(f"note: the code changed since {int(size):,} models were measured; run: make bench SIZES={size}")
    replace(README, "short", f"{short(results)}\n\n{where}")
    replace(PAGE, "short", f"{where}\n\n{short(results)}")
    replace(PAGE, "stages", stages(results))
    replace(PAGE, "growing", growing(results))
    replace(PAGE, "notebook", notebook(results))
    plot(results).save(PLOT)
    STORED.write_text(json.dumps({"machine": where, "results": results}, indent=1) + "\n")
    print(f"wrote the tables in {PAGE.name} and {README.name}, {PLOT.name} and {STORED.name}")


if __name__ == "__main__":
    main()
