-- The indexes of a table. Parameters: schema, name. Locks nothing.
SELECT
    n.nspname AS schema,
    c.relname AS name
FROM pg_index AS i
INNER JOIN pg_class AS c ON i.indexrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE i.indrelid = to_regclass(format('%%I.%%I', %(schema)s, %(name)s));
