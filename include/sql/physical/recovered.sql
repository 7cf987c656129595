-- How far a server in recovery has come, and whether it waits there.
-- Parameters: none. Locks nothing.
SELECT
    pg_is_in_recovery() AS in_recovery,
    CASE WHEN pg_is_in_recovery() THEN pg_get_wal_replay_pause_state() = 'paused' END AS paused,
    pg_last_wal_replay_lsn()::text AS lsn,
    pg_last_xact_replay_timestamp() AS last_transaction;
