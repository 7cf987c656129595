-- Whether a table has no rows. Parameters: table. Locks ACCESS SHARE on it.
SELECT NOT EXISTS (SELECT FROM {{ table | identifier }}) AS is_empty;
