-- Ends every session in some databases. Parameters: bound: databases (list). Locks nothing.
SELECT pg_terminate_backend(pid) AS ended
FROM pg_stat_activity
WHERE datname = ANY(%(databases)s) AND backend_type IN ('client backend', 'walsender');
