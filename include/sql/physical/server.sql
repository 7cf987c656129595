-- The server that a physical backup is taken of: what it is, what it archives, and what the role may do for a backup.
-- A setting that this version does not know reads as NULL.
-- Parameters: none. Locks nothing.
SELECT
    (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
    clock_timestamp() AS now,
    pg_is_in_recovery() AS in_recovery,
    current_setting('server_version') AS server_version,
    current_setting('archive_mode') AS archive_mode,
    current_setting('data_checksums')::boolean AS data_checksums,
    coalesce(current_setting('summarize_wal', TRUE), 'off')::boolean AS summarizes,
    (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size') AS segment_bytes,
    (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_replicate,
    has_function_privilege('pg_catalog.pg_switch_wal()', 'EXECUTE') AS may_switch,
    ARRAY(
        SELECT spcname::text FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global') ORDER BY spcname
    ) AS tablespaces;
