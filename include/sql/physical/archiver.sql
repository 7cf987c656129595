-- What archive_command did last. Parameters: none. Locks nothing.
SELECT
    last_archived_wal,
    last_failed_wal,
    last_failed_time
FROM pg_stat_archiver;
