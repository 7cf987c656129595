-- Tables whose triggers mark although they are no raw tables, nor partitions of one, any more: exchanged for others, or
-- detached by hand. Those that are told apart already (by a second argument) are left out.
-- Parameters: bound: schema, raw (names of the raw tables). Locks nothing.
WITH raw AS (
    SELECT c.oid
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s AND c.relname = ANY(%(raw)s::text [])
)

SELECT DISTINCT
    n.nspname AS schema,
    c.relname AS name,
    f.proname AS function
FROM pg_trigger AS t
INNER JOIN pg_proc AS f ON f.oid = t.tgfoid
INNER JOIN pg_namespace AS fn ON fn.oid = f.pronamespace
INNER JOIN pg_class AS c ON c.oid = t.tgrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    fn.nspname = 'pgpipelines'
    AND f.proname IN ('mark_sessions', 'mark_samples', 'mark_chargers')
    AND t.tgname LIKE 'pgpipelines\_mark\_%%'
    AND t.tgnargs = 1
    AND has_table_privilege(c.oid, 'TRIGGER')
    AND c.oid NOT IN (
        SELECT oid FROM raw
        UNION
        SELECT tree.relid::oid FROM raw CROSS JOIN LATERAL pg_partition_tree(raw.oid) AS tree
    )
ORDER BY n.nspname, c.relname;
