-- The triggers of a partitioned table that fire once for a statement, each written as a trigger of one partition: a
-- statement on a partition fires the partition's own only. Those for each row, PostgreSQL itself gives to partitions.
-- Parameters: bound: schema, name, partition. Locks nothing.
SELECT
    replace(
        pg_get_triggerdef(t.oid),
        format(' ON %%I.%%I ', n.nspname, c.relname),
        format(' ON %%I.%%I ', n.nspname, %(partition)s)
    ) AS definition
FROM pg_trigger AS t
INNER JOIN pg_class AS c ON t.tgrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    n.nspname = %(schema)s AND c.relname = %(name)s
    AND NOT t.tgisinternal AND t.tgtype & 1 = 0 AND t.tgenabled <> 'D'
ORDER BY t.tgname;
