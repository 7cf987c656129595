-- A raw table and its partitions, those of them that lack one of the four enabled triggers that mark.
-- Parameters: bound: schema, name (of the raw table), argument (of its triggers, as text). Locks nothing.
{% include 'rollup/_members.sql' %}

SELECT
    n.nspname AS schema,
    c.relname AS name
FROM member AS m
INNER JOIN pg_class AS c ON c.oid = m.oid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    c.relkind IN ('r', 'p')
    AND (
        SELECT count(*)
        FROM pg_trigger AS t
        WHERE
            t.tgrelid = m.oid
            AND t.tgname LIKE 'pgpipelines\_mark\_%%'
            AND t.tgenabled IN ('O', 'A')
            AND t.tgargs = convert_to(%(argument)s, 'UTF8') || '\x00'::bytea
    ) < 4
ORDER BY n.nspname, c.relname;
