-- Does for all tables of a database what autovacuum would do in a minute. Not in a transaction. Parameters: none.
-- Locks: SHARE UPDATE EXCLUSIVE on one table after the other.
VACUUM (ANALYZE);
