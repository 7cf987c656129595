-- The bytes that this database takes on disk. Parameters: none. Locks none.
SELECT pg_database_size(current_database()) AS bytes;
