-- The names of the valid indexes of a table; none where there is no such table.
-- Parameters: schema, name. Locks nothing.
SELECT ic.relname AS name
FROM pg_index AS i
INNER JOIN pg_class AS ic ON i.indexrelid = ic.oid
INNER JOIN pg_class AS tc ON i.indrelid = tc.oid
INNER JOIN pg_namespace AS tn ON tc.relnamespace = tn.oid
WHERE tn.nspname = %(schema)s AND tc.relname = %(name)s AND i.indisvalid;
