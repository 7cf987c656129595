-- Whether the server still has the summaries of its log from a position on, which an incremental backup is made from.
-- Parameters; bound: timeline, lsn. Locks nothing.
SELECT coalesce(min(start_lsn) <= %(lsn)s::pg_lsn, FALSE) AS reach
FROM pg_available_wal_summaries()
WHERE tli = %(timeline)s;
