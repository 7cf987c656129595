-- Keeps the write-ahead log from here on until this session ends. Parameters: none. Locks: none.
SELECT pg_create_physical_replication_slot('benchmark', TRUE, TRUE);
