-- The extensions of the database; plpgsql is everywhere. Parameters: none. Locks nothing.
SELECT
    extname::text AS name,
    extversion AS version
FROM pg_extension
WHERE extname <> 'plpgsql'
ORDER BY extname;
