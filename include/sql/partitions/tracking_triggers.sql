-- The triggers of a partition that note changes for the statistics: what is detached is not followed any more.
-- Parameters: bound: schema, partition. Locks nothing.
SELECT t.tgname AS name
FROM pg_trigger AS t
INNER JOIN pg_class AS c ON t.tgrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_proc AS f ON t.tgfoid = f.oid
INNER JOIN pg_namespace AS fn ON f.pronamespace = fn.oid
WHERE
    n.nspname = %(schema)s AND c.relname = %(partition)s
    AND NOT t.tgisinternal AND fn.nspname = 'pgpipelines'
ORDER BY t.tgname;
