-- The last 100 snapshots, oldest first.
from (from read_parquet('${parquet}/snapshot_changes.parquet') order by taken_at desc, snapshot limit 100)
order by taken_at, snapshot
