-- Counts the rows of a table, and its indexes. Parameters: table; bound: name (the table's, quoted).
-- Locks ACCESS SHARE on the table.
SELECT
    (SELECT count(*) FROM {{ table | identifier }}) AS rows,
    (SELECT count(*) FROM pg_index WHERE indrelid = %(name)s::regclass) AS indexes;
