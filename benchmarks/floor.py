"""The floor: DuckDB reads the typed records once and parses their lists of tags. No pipeline can be faster.

python -m benchmarks.floor FILE   prints CPU and wall seconds of the fastest run as JSON
"""

import json
import sys
import time
from pathlib import Path

import duckdb

# The fields that the warehouse reads from every record. The tags are parsed into a list and counted.
QUERY = """
select count(id), max("createdAt"), sum(downloads), sum(likes), count(pipeline_tag), count(library_name), sum(len(tags))
from read_json(
    ?,
    format = 'newline_delimited',
    columns = {
        'id': 'varchar', 'createdAt': 'varchar', 'downloads': 'bigint', 'likes': 'bigint',
        'pipeline_tag': 'varchar', 'library_name': 'varchar', 'tags': 'varchar[]'
    }
)
"""


def floor(path: Path, runs: int = 3) -> dict[str, float]:
    """CPU and wall seconds of the fastest of some scans, without the start of Python and DuckDB."""
    found = []
    with duckdb.connect() as connection:
        for _ in range(runs):
            cpu, wall = time.process_time(), time.monotonic()
            connection.execute(QUERY, [str(path)]).fetchall()
            found.append((time.process_time() - cpu, time.monotonic() - wall))
    cpu, wall = min(found)
    return {"cpu": round(cpu, 4), "wall": round(wall, 4)}


if __name__ == "__main__":
    print(json.dumps(floor(Path(sys.argv[1]))))
