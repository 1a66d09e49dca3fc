"""Gives back the free blocks of a build file. DuckDB writes a new table before it drops the old one and never shrinks a
file from the middle, so builds in place leave holes."""

from pathlib import Path

import duckdb

from phylohub.core.build_file import connect_to_copy, one_row, sync_to_disk
from phylohub.core.errors import PhylohubError

# A file is left alone while so little of it is free: the copy of one of two million models takes half a minute. It is
# a twentieth, so that a file stays within a tenth of its first size: blocks that are in use are not quite full either.
FREE_SHARE = 0.05
# Below so many blocks (64 MiB) it is copied for any free one, in a second: most blocks of a small file are hardly full.
SMALL = 256


def compact(path: Path) -> tuple[int, int]:
    """Put a copy without free blocks in the file's place if they are more than `FREE_SHARE` of those in use, or any
    of a file of fewer than `SMALL`; return its bytes before and after.

    A kill at any moment leaves the old file or the whole new one. Raises PhylohubError when there is no file or another
    process has it open, OSError or duckdb.Error when the copy cannot be written; the file is then as it was.
    """
    before = path.stat().st_size if path.exists() else 0
    part = path.with_name(f".{path.name}.compact")  # one name, so that the next run clears what a kill left behind
    # For writing, so that nobody else has the file open, and nothing of it lies in a log that would outlive it.
    with connect_to_copy(path, read_only=False) as connection:
        connection.execute("checkpoint warehouse")
        total, free = one_row(
            connection,
            "select total_blocks, free_blocks from pragma_database_size() where database_name = 'warehouse'",
        )
        if path.with_name(f"{path.name}.wal").exists():
            raise PhylohubError(f"{path} has a log that cannot be merged into it, so it was not compacted.")
        if free <= (FREE_SHARE * (total - free) if total >= SMALL else 0):
            return before, before
        try:
            part.unlink(missing_ok=True)
            escaped = str(part).replace("'", "''")
            connection.execute(f"attach '{escaped}' as compacted")
            connection.execute("copy from database warehouse to compacted")
            connection.execute("detach compacted")
            sync_to_disk(part)
            part.chmod(path.stat().st_mode)
            part.replace(path)  # with the old file still locked: nobody writes to what is about to go
            sync_to_disk(path.parent)
        except (duckdb.Error, OSError):
            part.unlink(missing_ok=True)
            raise
    return before, path.stat().st_size
