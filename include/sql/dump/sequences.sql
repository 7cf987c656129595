-- The sequences that a dump carries. Parameters: none. Locks nothing.
SELECT
    n.nspname::text AS schema,
    c.relname::text AS name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    c.relkind = 'S'
    AND c.relpersistence <> 't'
    AND n.nspname NOT LIKE 'pg\_%%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY n.nspname, c.relname;
