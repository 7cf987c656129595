-- Tables whose names come close to one that doesn't exist. Parameters: none. Locks nothing.
SELECT
    n.nspname AS schema,
    c.relname AS name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\_%%' AND n.nspname <> 'information_schema';
