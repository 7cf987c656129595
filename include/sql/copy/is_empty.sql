-- Whether a table has no row. Parameters: table. Locks ACCESS SHARE on the table.
SELECT NOT EXISTS (SELECT FROM {{ table | identifier }}) AS empty;
