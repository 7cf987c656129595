-- The months of the rows in the default partition, and how many rows each has. Times that no calendar has (infinity,
-- years before 1 and after 9999) have no month.
-- Parameters: default, key. Locks ACCESS SHARE on the default partition.
SELECT
    CASE
        WHEN {{ key | identifier }} >= '0001-01-01' AND {{ key | identifier }} < '9999-12-01'
            THEN date_trunc('month', {{ key | identifier }})
    END AS month,
    count(*) AS rows
FROM {{ default | identifier }}
GROUP BY 1
ORDER BY 1;
