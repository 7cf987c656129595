-- About how many pages each table has, with what is stored beside it; large objects go by the number 0, as in the
-- contents of an archive. Parameters: none. Locks nothing.
SELECT
    CASE WHEN c.oid = 'pg_catalog.pg_largeobject'::regclass THEN 0 ELSE c.oid END::bigint AS oid,
    (c.relpages + coalesce(beside.relpages, 0))::bigint AS pages
FROM pg_class AS c
LEFT JOIN pg_class AS beside ON c.reltoastrelid = beside.oid
WHERE c.relkind = 'r';
