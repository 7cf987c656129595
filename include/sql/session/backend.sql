-- The backend that serves this statement, and the server that it belongs to.
-- Parameters: none. Locks nothing.
SELECT
    pg_backend_pid() AS pid,
    pg_postmaster_start_time() AS server_started_at;
