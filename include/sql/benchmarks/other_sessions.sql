-- Counts the other sessions in this database: what they wrote is counted when they end. Parameters: none.
-- Locks: none.
SELECT count(*) AS sessions
FROM pg_stat_activity
WHERE datname = current_database() AND pid != pg_backend_pid() AND backend_type = 'client backend';
