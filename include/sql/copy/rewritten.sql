-- Relations that this transaction holds, and whose rows its snapshot can't see, although they are there: they were
-- rewritten (ALTER TABLE … TYPE), truncated, or dropped and made again between the snapshot and the lock. PostgreSQL
-- shows such a relation as empty. What this transaction reads of pg_class is as old as its snapshot, what
-- pg_relation_filenode says is as new as the locks.
-- Parameters: none. Locks nothing.
SELECT DISTINCT coalesce(c.oid::regclass::text, l.relation::regclass::text) AS name
FROM pg_locks AS l
LEFT JOIN pg_class AS c ON l.relation = c.oid
WHERE
    l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    -- FirstNormalObjectId: what is below came with the server.
    AND l.relation >= 16384
    AND (c.oid IS NULL OR c.relfilenode <> coalesce(pg_relation_filenode(l.relation), 0))
ORDER BY 1;
