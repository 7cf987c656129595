-- The highest key of a table of sessions. Parameters: table. Locks ACCESS SHARE on the table.
SELECT max(id) AS id FROM {{ table | identifier }};
