-- Since when transactions of other sessions that may write to this database have been open.
-- pg_stat_activity hides the sessions of other roles from a role without pg_read_all_stats.
-- Parameters: grace (interval: how long it may take until a transaction is shown). Locks nothing.
WITH others AS (
    SELECT
        a.xact_start,
        a.state,
        pg_has_role('pg_read_all_stats', 'USAGE') OR pg_has_role(a.usesysid, 'USAGE') AS shown
    FROM pg_stat_activity AS a
    WHERE
        a.datid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND a.pid <> pg_backend_pid()
        -- Autovacuum has no user, and neither it nor the sender of a replica writes rows.
        AND a.usesysid IS NOT NULL
        AND NOT EXISTS (SELECT FROM pg_stat_replication AS r WHERE r.pid = a.pid)
)

SELECT
    statement_timestamp() AS began,
    least(min(xact_start), statement_timestamp() - %(grace)s::interval) AS oldest,
    coalesce(bool_or(NOT shown), false) AS hidden,
    coalesce(bool_or(shown AND state = 'disabled'), false) AS untracked,
    pg_is_in_recovery() AS replica,
    current_user AS role
FROM others;
