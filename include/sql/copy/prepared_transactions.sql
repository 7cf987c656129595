-- Whether transactions of this database wait for COMMIT PREPARED. Parameters: none. Locks nothing.
SELECT EXISTS (
    SELECT FROM pg_prepared_xacts WHERE database = current_database()
) AS exist;
