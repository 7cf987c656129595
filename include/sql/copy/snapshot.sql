-- The snapshot that this transaction reads from, when it was taken, and which database it is of: the cluster, where
-- this role may know it, and the database. Parameters: none. Locks nothing.
SELECT
    pg_current_snapshot()::text AS snapshot,
    transaction_timestamp() AS taken_at,
    CASE
        WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
            THEN (SELECT system_identifier::text FROM pg_control_system())
        ELSE concat(host(inet_server_addr()), ':', inet_server_port())
    END || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS origin;
