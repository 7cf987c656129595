-- Where the write-ahead log ends, and the file that this is in. Parameters: none. Locks: none.
SELECT
    position,
    pg_walfile_name(position) AS file
FROM pg_current_wal_insert_lsn() AS position;
