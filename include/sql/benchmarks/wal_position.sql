-- Where the write-ahead log ends. Parameters: none. Locks: none.
SELECT pg_current_wal_insert_lsn() AS position;
