-- The columns of a temporary table, in their order. Parameters: bound: name. Locks nothing.
SELECT attname AS name
FROM pg_attribute
WHERE attrelid = ('pg_temp.' || quote_ident(%(name)s))::regclass AND attnum > 0
ORDER BY attnum;
