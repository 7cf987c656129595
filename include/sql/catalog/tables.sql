-- Every table of the database, each with its place among the others: the table that it is a partition of, those that it
-- inherits from, and those that it points to by foreign keys. Tables of extensions and of this package are left out,
-- and foreign tables but for those that are parts of another table.
-- Parameters: none. Locks nothing.
SELECT
    c.oid,
    n.nspname AS schema,
    c.relname AS name,
    (SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = c.oid AND c.relispartition) AS partition_of,
    ARRAY(
        SELECT i.inhparent
        FROM pg_inherits AS i
        WHERE i.inhrelid = c.oid AND NOT c.relispartition
        ORDER BY i.inhseqno
    ) AS inherits,
    -- Whole partitioned tables point to whole ones, whatever partition a foreign key was declared for.
    ARRAY(
        SELECT DISTINCT coalesce(pg_partition_root(f.confrelid)::oid, f.confrelid)
        FROM (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid)) AS parts
        INNER JOIN pg_constraint AS f ON parts.oid = f.conrelid AND f.contype = 'f'
        ORDER BY 1
    ) AS refers_to
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    (
        c.relkind IN ('r', 'p')
        OR (c.relkind = 'f' AND EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid))
    )
    AND c.relpersistence <> 't'
    AND n.nspname NOT LIKE 'pg\_%%' AND n.nspname NOT IN ('information_schema', 'pgpipelines')
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY n.nspname, c.relname;
