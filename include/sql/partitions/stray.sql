-- The months of the rows in the default partition, and how many rows each has. Infinite times have no month.
-- Parameters: default, key. Locks ACCESS SHARE on the default partition.
SELECT
    date_trunc('month', nullif(nullif({{ key | identifier }}, 'infinity'), '-infinity')) AS month,
    count(*) AS rows
FROM {{ default | identifier }}
GROUP BY 1
ORDER BY 1;
