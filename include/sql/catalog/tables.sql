-- Every table of the database: partitioned tables as one, tables of extensions and of this package left out; with
-- the tables that each points to by foreign keys.
-- Parameters: none. Locks nothing.
SELECT
    c.oid,
    n.nspname AS schema,
    c.relname AS name,
    ARRAY(
        SELECT f.confrelid
        FROM pg_constraint AS f
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid
        ORDER BY f.confrelid
    ) AS parents
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND n.nspname NOT LIKE 'pg\_%%' AND n.nspname NOT IN ('information_schema', 'pgpipelines')
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY n.nspname, c.relname;
