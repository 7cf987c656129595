-- How far the COPY of another session of this role has come. One row while it runs.
-- Parameters: backend (process id). Locks nothing.
SELECT
    tuples_processed AS rows,
    bytes_processed AS bytes
FROM pg_stat_progress_copy
WHERE pid = %(backend)s;
