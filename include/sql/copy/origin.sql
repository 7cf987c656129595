-- Which history of which database this snapshot belongs to, and where in it. A failover or a restore starts another
-- timeline, in which transaction ids are used again. Parameters: system, timeline (may be asked). Locks nothing.
SELECT
    clock_timestamp() AS at,
    pg_snapshot_xmin(pg_current_snapshot())::text AS floor,
    pg_snapshot_xmax(pg_current_snapshot())::text AS ceiling,
    {% if system %}
    (SELECT system_identifier::text FROM pg_control_system()) AS system,
    {% else %}
    NULL::text AS system,
    {% endif %}
    {% if timeline %}
    CASE
        WHEN pg_is_in_recovery()
            THEN (
                SELECT lpad(upper(to_hex(greatest(c.timeline_id, r.min_recovery_end_timeline))), 8, '0')
                FROM pg_control_checkpoint() AS c
                CROSS JOIN pg_control_recovery() AS r
            )
        -- The control file learns of a promotion only at the checkpoint after it.
        ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8)
    END AS timeline,
    {% else %}
    NULL::text AS timeline,
    {% endif %}
    (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database;
