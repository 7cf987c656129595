-- The months of a table's rows. Times that no calendar has (infinity, years before 1 and after 9999) have none.
-- Parameters: table, key. Locks ACCESS SHARE on the table.
SELECT DISTINCT date_trunc('month', {{ key | identifier }}) AS month
FROM {{ table | identifier }}
WHERE {{ key | identifier }} >= '0001-01-01' AND {{ key | identifier }} < '9999-12-01'
ORDER BY month;
