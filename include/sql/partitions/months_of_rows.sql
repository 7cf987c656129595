-- The months of a table's rows. Infinite times have none.
-- Parameters: table, key. Locks ACCESS SHARE on the table.
SELECT DISTINCT date_trunc('month', {{ key | identifier }}) AS month
FROM {{ table | identifier }}
WHERE isfinite({{ key | identifier }})
ORDER BY month;
