-- The names that tables, indexes and sequences of a schema have taken. Parameters: schema. Locks nothing.
SELECT c.relname AS name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname = %(schema)s;
