-- The checksum of a table's content: for each bucket of keys, how many rows, and the sum of their hashes.
-- Without a key, the row's own hash chooses its bucket.
-- Parameters: table, columns, key_columns, buckets, transcode. Locks ACCESS SHARE on the table.
WITH hashed AS (
    {% include 'checksum/rows.sql' %}
)

SELECT
    {% if key_columns %}bucket{% else %}hash & {{ buckets - 1 }}{% endif %} AS bucket,
    count(*) AS rows,
    sum(hash) AS hash
FROM hashed
GROUP BY 1;
