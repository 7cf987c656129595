-- A raw table and all its partitions. Parameters: bound: schema, name. Locks nothing.
{% include 'rollup/_members.sql' %}

SELECT
    n.nspname AS schema,
    c.relname AS name
FROM member AS m
INNER JOIN pg_class AS c ON c.oid = m.oid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
ORDER BY n.nspname, c.relname;
