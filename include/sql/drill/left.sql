-- The databases of drills, and what is noted of each: while one drill holds the server, the others are dead.
-- Parameters: bound: pattern. Locks nothing.
SELECT
    d.datname::text AS name,
    coalesce(shobj_description(d.oid, 'pg_database'), '') AS note
FROM pg_database AS d
WHERE d.datname LIKE %(pattern)s
ORDER BY d.datname;
