-- The snapshot that this transaction reads from, and when it was taken. Parameters: none. Locks nothing.
SELECT
    pg_current_snapshot()::text AS snapshot,
    transaction_timestamp() AS taken_at;
