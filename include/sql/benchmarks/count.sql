-- Counts the rows of a table. Parameters: table. Locks ACCESS SHARE on the table.
SELECT count(*) AS rows FROM {{ table | identifier }};
