-- What this role may ask about the server's identity. Parameters: none. Locks nothing.
SELECT
    has_function_privilege('pg_control_system()', 'EXECUTE') AS system,
    (
        SELECT bool_and(has_function_privilege(name, 'EXECUTE'))
        FROM unnest(
            ARRAY[
                'pg_walfile_name(pg_lsn)', 'pg_current_wal_lsn()', 'pg_control_checkpoint()', 'pg_control_recovery()'
            ]
        ) AS name
    ) AS timeline;
