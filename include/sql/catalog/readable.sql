-- All that a copy can read by name: tables, views and their like. Parameters: none. Locks nothing.
SELECT
    n.nspname AS schema,
    c.relname AS name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\_%%' AND n.nspname <> 'information_schema';
