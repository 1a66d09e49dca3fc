"""Run dbt in this process and measure each of its nodes.

python -m benchmarks.stages OUTPUT.json DBT-ARGUMENTS...

Nodes run one at a time (`--threads 1`), so the CPU time between a node's start and end, over all threads of DuckDB and
NumPy, is that of the node.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner

TESTS = "tests"  # the stage of all data tests and unit tests
DBT = "dbt"  # the cost of dbt itself: starting, parsing the project, hooks, the time between two nodes


def stage_of(resource_type: str, file_path: str) -> str:
    """The stage of a node: the folder that contains its file, relative to the project.

    For example, models/intermediate/lineage, models/marts/lineage and python_models/lineage are all "lineage".
    """
    if resource_type in ("test", "unit_test"):
        return TESTS
    return Path(file_path).parent.name


def build(arguments: list[str]) -> dict[str, dict[str, Any]]:
    """Run dbt, and return stage, CPU seconds, wall seconds and peak memory in bytes of each node by its unique id.

    The entry DBT holds the remaining time. Raises RuntimeError if dbt fails.
    """
    nodes: dict[str, dict[str, Any]] = {}
    started: dict[str, tuple[float, float]] = {}
    before = time.process_time(), time.monotonic()

    def listen(event: Any) -> None:
        if event.info.name == "NodeStart":
            _reset_peak()
            started[event.data.node_info.unique_id] = time.process_time(), time.monotonic()
        elif event.info.name == "NodeFinished":
            unique_id = event.data.node_info.unique_id
            cpu, wall = started[unique_id]
            nodes[unique_id] = {
                "stage": DBT,
                "cpu": time.process_time() - cpu,
                "wall": time.monotonic() - wall,
                "peak_bytes": _peak(),
            }

    run = dbtRunner(callbacks=[listen]).invoke([*arguments, "--threads", "1"])
    if not run.success:
        raise RuntimeError("dbt failed; see its output above")
    rest_cpu = time.process_time() - before[0] - sum(node["cpu"] for node in nodes.values())
    rest_wall = time.monotonic() - before[1] - sum(node["wall"] for node in nodes.values())
    results: Any = run.result
    for result in results:
        if result.node.unique_id in nodes:
            nodes[result.node.unique_id]["stage"] = stage_of(result.node.resource_type, result.node.original_file_path)
    nodes[DBT] = {"stage": DBT, "cpu": rest_cpu, "wall": rest_wall, "peak_bytes": 0}
    return nodes


def _reset_peak() -> None:
    # Linux only. On other systems the peak is that of the process so far.
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
