-- Keeps two runs from publishing to one table at a time. The lock dies with this transaction or its connection.
-- Parameters: table (text of the qualified name). Takes an advisory lock; waits lock_timeout at most.
SELECT pg_advisory_xact_lock(hashtextextended('pgpipelines:' || %(table)s, 0));
