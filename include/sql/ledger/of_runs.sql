-- How the last try of each task of some runs ended for each table, by DAG in the order of time.
-- Parameters: run_ids (list). Locks ACCESS SHARE on the ledger.
WITH last_tries AS (
    SELECT DISTINCT ON (dag_id, run_id, task_id, map_index, target_table)
        id,
        dag_id,
        target_table,
        status,
        started_at,
        finished_at,
        rows_read,
        bytes,
        verification
    FROM pgpipelines.ledger
    WHERE run_id = ANY(%(run_ids)s)
    ORDER BY dag_id, run_id, task_id, map_index, target_table, id DESC
)

SELECT
    dag_id,
    target_table,
    status,
    rows_read,
    bytes,
    verification,
    extract(EPOCH FROM finished_at - started_at)::float8 AS seconds
FROM last_tries
ORDER BY dag_id, started_at, id;
