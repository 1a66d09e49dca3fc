"""dbt in this process, and what each of its nodes costs.

python -m benchmarks.stages OUTPUT.json DBT-ARGUMENTS...

One node at a time (`--threads 1`), so that the CPU time between a node's start and its end, of all threads of DuckDB
and NumPy together, is that node's.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner

# The stage of what lies in a folder; Python models, which lie in none, name theirs in `meta`.
FOLDERS = {
    "staging": "stage",
    "records": "stage",
    "seeds": "stage",
    "traits": "tags",
    "lineage": "closure",
    "evolution": "traits",
    "similarity": "similarity",
    "history": "history",
    "quality": "quality",
}
STAGES = ("stage", "tags", "closure", "traits", "similarity", "orderings", "history", "quality", "other", "tests")
DBT = "dbt"  # what dbt itself costs: its start, parsing the project, between two nodes


def stage_of(resource_type: str, path: str, meta: Mapping[str, str]) -> str:
    if resource_type in ("test", "unit_test"):
        return "tests"
    if stage := meta.get("stage"):
        return stage
    return FOLDERS.get("seeds" if resource_type == "seed" else Path(path).parent.name, "other")


def build(arguments: list[str]) -> dict[str, dict[str, Any]]:
    """Run dbt; CPU seconds, wall seconds, peak memory in bytes and stage by unique id, and the rest under DBT.

    Raises RuntimeError if dbt fails.
    """
    nodes: dict[str, dict[str, Any]] = {}
    started: dict[str, tuple[float, float]] = {}
    before = time.process_time(), time.monotonic()

    def listen(event: Any) -> None:
        if event.info.name == "NodeStart":
            _reset_peak()
            started[event.data.node_info.unique_id] = time.process_time(), time.monotonic()
        elif event.info.name == "NodeFinished":
            node = event.data.node_info
            cpu, wall = started[node.unique_id]
            nodes[node.unique_id] = {
                "stage": stage_of(node.resource_type, node.node_path, dict(node.meta)),
                "cpu": time.process_time() - cpu,
                "wall": time.monotonic() - wall,
                "peak_bytes": _peak(),
            }

    result = dbtRunner(callbacks=[listen]).invoke([*arguments, "--threads", "1"])
    if not result.success:
        raise RuntimeError("dbt failed; its output stands above")
    rest_cpu = time.process_time() - before[0] - sum(node["cpu"] for node in nodes.values())
    rest_wall = time.monotonic() - before[1] - sum(node["wall"] for node in nodes.values())
    nodes[DBT] = {"stage": DBT, "cpu": rest_cpu, "wall": rest_wall, "peak_bytes": 0}
    return nodes


def _reset_peak() -> None:
    # Linux only; elsewhere the peak of the whole process is all there is.
    Path("/proc/self/clear_refs").write_text("5") if os.access("/proc/self/clear_refs", os.W_OK) else None


def _peak() -> int:
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    measured = build(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(measured, indent=1))
    print("\nthe ten most expensive nodes: CPU seconds, wall seconds, peak MB")
    for name in sorted(measured, key=lambda key: -measured[key]["cpu"])[:10]:
        node = measured[name]
        print(f"{node['cpu']:8.2f} {node['wall']:8.2f} {node['peak_bytes'] / 1e6:8,.0f}  {name}")
