-- The foreign keys that point to a table, or to one that it is a partition of, and what each does when a row of it goes
-- (pg_constraint.confdeltype).
-- Parameters: oid. Locks nothing.
SELECT
    con.conname AS name,
    n.nspname AS schema,
    c.relname AS "table",
    con.confdeltype AS on_delete
FROM pg_constraint AS con
INNER JOIN pg_class AS c ON con.conrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    con.confrelid IN (SELECT %(oid)s::oid UNION SELECT relid FROM pg_partition_ancestors(%(oid)s::oid::regclass))
    AND con.contype = 'f' AND con.conparentid = 0
ORDER BY con.conname;
