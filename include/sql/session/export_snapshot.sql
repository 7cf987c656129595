-- Lets other sessions see what this transaction sees, until it ends. Works on a replica too.
-- Parameters: none. Locks nothing.
SELECT pg_export_snapshot() AS snapshot;
