-- How far the COPY of other sessions of this role has come, and whether a session's transaction has failed: a client
-- that sends rows is not told before it ends. One row for each of them that lives.
-- Parameters: bound: backends (list of process ids). Locks nothing.
SELECT
    a.pid AS backend,
    a.state = 'idle in transaction (aborted)' AS failed,
    coalesce(p.tuples_processed, 0) AS rows,
    coalesce(p.bytes_processed, 0) AS bytes
FROM pg_stat_activity AS a
LEFT JOIN pg_stat_progress_copy AS p ON a.pid = p.pid
WHERE a.pid = ANY(%(backends)s);
