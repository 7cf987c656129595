-- The database that is dumped, at this transaction's snapshot: where the write-ahead log is, what decides how its text
-- reads, and the role that the server was made with (which needs no CREATE ROLE where a dump is restored).
-- Parameters: none. Locks nothing.
SELECT
    current_database()::text AS name,
    pg_current_snapshot()::text AS snapshot,
    transaction_timestamp() AS taken_at,
    pg_is_in_recovery() AS in_recovery,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn,
    current_setting('server_version') AS server_version,
    (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
    pg_encoding_to_char(d.encoding)::text AS encoding,
    d.datcollate::text AS collation,
    d.datctype::text AS character_type,
    (SELECT r.rolname::text FROM pg_roles AS r WHERE r.oid = 10) AS first_role
FROM pg_database AS d
WHERE d.datname = current_database();
