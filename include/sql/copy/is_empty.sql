-- Whether a table has no row. Parameters: table, only (not those that inherit from it).
-- Locks ACCESS SHARE on the table.
SELECT NOT EXISTS (SELECT FROM {{ table | identifier(only=only) }}) AS empty;
