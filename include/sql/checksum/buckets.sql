-- The checksum of some content: for each bucket of keys, how many rows, and the sum of their hashes.
-- Without a key, the row's own hash chooses its bucket.
-- Parameters: selection, columns, key_columns, buckets, transcode, keyed (false), chosen (false).
-- Locks ACCESS SHARE on what is read.
WITH hashed AS (
    {% include 'checksum/rows.sql' %}
)

SELECT
    ({% if key_columns %}"pgpipelines bucket"{% else %}"pgpipelines hash" & bigint '{{ buckets - 1 }}'{% endif %})::integer AS bucket,
    count(*) AS rows,
    sum("pgpipelines hash") AS hash
FROM hashed
GROUP BY 1
