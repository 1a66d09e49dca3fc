"""Reclaims free space in the build file.

DuckDB writes a new table before it drops the old one, and only truncates free blocks at the end of a file. Repeated
builds therefore leave free blocks in the middle.
"""

from pathlib import Path

import duckdb

from phylohub.core.build_file import connect_to_copy, one_row, sync_to_disk
from phylohub.core.errors import PhylohubError

# A file is compacted if its free blocks exceed this share of the used ones. 5 % keeps the file within 10 % of its first
# size, since used blocks are not quite full either.
MIN_FREE_SHARE = 0.05
# A file of fewer blocks (64 MiB) is compacted for any free block: copying it is cheap.
SMALL_FILE_BLOCKS = 256


def compact(path: Path) -> tuple[int, int]:
    """Replace the file by a copy without free blocks if it has enough of them; return its bytes before and after.

    A process killed at any moment leaves either the old file or the complete new one. Raises PhylohubError if the file
    does not exist or is open in another process, and OSError or duckdb.Error if the copy cannot be written. The file is
    then unchanged.
    """
    path = path.resolve()  # the copy replaces the file to which a link leads, not the link
    before = path.stat().st_size if path.exists() else 0
    part = path.with_name(f".{path.name}.compact")  # a fixed name, so the next run deletes leftovers
    # Opened for writing, so that no other process has the file open and the checkpoint empties its log.
    with connect_to_copy(path, read_only=False) as connection:
        connection.execute("checkpoint warehouse")
        total, free = one_row(
            connection,
            "select total_blocks, free_blocks from pragma_database_size() where database_name = 'warehouse'",
        )
        if path.with_name(f"{path.name}.wal").exists():
            raise PhylohubError(f"{path} was not compacted: its write-ahead log cannot be merged.")
        if free <= (MIN_FREE_SHARE * (total - free) if total >= SMALL_FILE_BLOCKS else 0):
            return before, before
        try:
            part.unlink(missing_ok=True)
            # A log of a copy that was killed must not be applied to this one.
            part.with_name(f"{part.name}.wal").unlink(missing_ok=True)
            escaped = str(part).replace("'", "''")
            connection.execute(f"attach '{escaped}' as compacted")
            connection.execute("copy from database warehouse to compacted")
            connection.execute("detach compacted")
            sync_to_disk(part)
            part.chmod(path.stat().st_mode)
            part.replace(path)  # the old file is still locked, so no writer loses data
            sync_to_disk(path.parent)
        except (duckdb.Error, OSError):
            part.unlink(missing_ok=True)
            raise
    return before, path.stat().st_size
