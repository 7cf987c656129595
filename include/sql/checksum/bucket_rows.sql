-- The rows of some buckets, each as its key in text (NULL without a key) and its hash, to name those that differ.
-- Parameters: table, columns, key_columns, buckets, transcode, named (true); bound: wanted (bucket numbers).
-- Locks ACCESS SHARE on the table.
WITH hashed AS (
    {% include 'checksum/rows.sql' %}
)

SELECT
    key,
    hash
FROM hashed
WHERE coalesce(bucket, hash & {{ buckets - 1 }}) = ANY(%(wanted)s);
