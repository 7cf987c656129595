-- Tells how far a running copy has come. Parameters: bound: one per column but updated_at.
-- Locks ROW EXCLUSIVE on the progress.
INSERT INTO pgpipelines.progress (
    target_table, dag_id, run_id, task_id, map_index, step, rows, bytes, share, seconds_left, started_at, updated_at
) VALUES (
    %(target_table)s, %(dag_id)s, %(run_id)s, %(task_id)s, %(map_index)s, %(step)s, %(rows)s, %(bytes)s, %(share)s,
    %(seconds_left)s, %(started_at)s, clock_timestamp()
)
ON CONFLICT (target_table) DO UPDATE SET
    dag_id = excluded.dag_id,
    run_id = excluded.run_id,
    task_id = excluded.task_id,
    map_index = excluded.map_index,
    step = excluded.step,
    rows = excluded.rows,
    bytes = excluded.bytes,
    share = excluded.share,
    seconds_left = excluded.seconds_left,
    started_at = excluded.started_at,
    updated_at = excluded.updated_at;
