-- The tables that hold rows of their own which a dump carries: partitions and children each by themselves.
-- Rows of an extension's tables come with the extension, foreign ones stay where they are.
-- Parameters: none. Locks nothing.
SELECT
    n.nspname::text AS schema,
    c.relname::text AS name,
    c.relpersistence = 'u' AS unlogged
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    c.relkind = 'r'
    AND c.relpersistence <> 't'
    AND n.nspname NOT LIKE 'pg\_%%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY n.nspname, c.relname;
