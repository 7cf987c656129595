-- How far the COPY of another session of this role has come, and whether that session's transaction has failed:
-- a client that sends rows is not told before it ends. One row while that session lives.
-- Parameters: backend (process id). Locks nothing.
SELECT
    a.state = 'idle in transaction (aborted)' AS failed,
    p.tuples_processed AS rows,
    p.bytes_processed AS bytes
FROM pg_stat_activity AS a
LEFT JOIN pg_stat_progress_copy AS p ON a.pid = p.pid
WHERE a.pid = %(backend)s;
