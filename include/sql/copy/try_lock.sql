-- The same lock, if it is free now. Parameters: bound: table (text of the qualified name). Takes an advisory lock.
SELECT pg_try_advisory_lock(hashtextextended('pgpipelines:' || %(table)s, 0)) AS held;
