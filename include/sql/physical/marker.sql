-- A transaction that writes nothing but a note into the write-ahead log, so that recovery has one to stop at.
-- Parameters; bound: note (text). Locks nothing.
SELECT pg_logical_emit_message(TRUE, 'pgpipelines', %(note)s)::text AS lsn;
