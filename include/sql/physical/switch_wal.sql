-- Ends the current segment of the write-ahead log, so that it is archived now. Gives the position where it ended, and
-- the name of the segment; the position is in the segment even where it is its end.
-- Parameters: none. Locks nothing.
SELECT
    lsn::text AS lsn,
    pg_walfile_name(lsn - 1) AS segment
FROM pg_switch_wal() AS lsn;
