-- Who is in some databases, and keeps them from being renamed. Parameters: bound: databases (list). Locks nothing.
SELECT
    pid,
    datname::text AS database,
    usename::text AS role,
    coalesce(nullif(application_name, ''), backend_type) AS application,
    host(client_addr) AS address,
    date_trunc('second', backend_start)::text AS since
FROM pg_stat_activity
WHERE datname = ANY(%(databases)s) AND backend_type IN ('client backend', 'walsender')
ORDER BY backend_start;
