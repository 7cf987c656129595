-- Transactions that were prepared in some databases, and wait there for their second half.
-- Parameters: bound: databases (list). Locks nothing.
SELECT gid AS name FROM pg_prepared_xacts WHERE database = ANY(%(databases)s) ORDER BY prepared;
