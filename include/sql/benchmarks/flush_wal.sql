-- Has the write-ahead log written to disk so far, by beginning a new file of it. Parameters: none. Locks: none.
SELECT pg_switch_wal();
