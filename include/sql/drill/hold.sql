-- Lets one drill at a time restore on this server, as long as this connection lives; waits for the others.
-- Parameters: none. Takes an advisory lock of this database.
SELECT pg_advisory_lock(hashtextextended('pgpipelines drill', 0));
