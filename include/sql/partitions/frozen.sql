-- The months of a table that are detached. Those that somebody has attached again are forgotten first.
-- Parameters: bound: schema, name. Locks the rows that it forgets.
WITH attached AS (
    DELETE FROM pgpipelines.detached_partition AS d
    USING pg_inherits AS i, pg_class AS c, pg_class AS p, pg_namespace AS n
    WHERE
        d.table_schema = %(schema)s AND d.table_name = %(name)s
        AND c.relname = d.partition_name AND i.inhrelid = c.oid AND i.inhparent = p.oid
        AND p.relname = d.table_name AND p.relnamespace = n.oid AND n.nspname = d.table_schema
    RETURNING d.from_time
)

SELECT
    partition_name,
    from_time,
    until_time
FROM pgpipelines.detached_partition
WHERE
    table_schema = %(schema)s AND table_name = %(name)s
    AND from_time NOT IN (SELECT from_time FROM attached)
ORDER BY from_time;
