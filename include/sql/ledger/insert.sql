-- Adds a run to the ledger. Parameters: one per column. Locks ROW EXCLUSIVE on the ledger.
INSERT INTO pgpipelines.ledger (
    dag_id, run_id, task_id, map_index, try_number, source, source_table, target_table, strategy, status,
    started_at, finished_at, snapshot, snapshot_at, columns, rows_read, rows_inserted, rows_updated, rows_deleted,
    bytes, seconds, verification, error, origin, selection, watermark, notices
) VALUES (
    %(dag_id)s, %(run_id)s, %(task_id)s, %(map_index)s, %(try_number)s, %(source)s, %(source_table)s,
    %(target_table)s, %(strategy)s, %(status)s, %(started_at)s, clock_timestamp(), %(snapshot)s, %(snapshot_at)s,
    %(columns)s, %(rows_read)s, %(rows_inserted)s, %(rows_updated)s, %(rows_deleted)s, %(bytes)s, %(seconds)s::jsonb,
    %(verification)s, %(error)s, %(origin)s, %(selection)s, %(watermark)s::jsonb, %(notices)s
);
