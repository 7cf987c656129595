-- Keeps two runs from writing to one table at a time. The lock dies with this connection.
-- Parameters: bound: table (text of the qualified name). Takes an advisory lock; waits lock_timeout at most.
SELECT pg_advisory_lock(hashtextextended('pgpipelines:' || %(table)s, 0));
