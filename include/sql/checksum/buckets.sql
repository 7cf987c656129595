-- The checksum of some content: for each bucket of keys, how many rows, and the sum of their hashes.
-- Without a key, the row's own hash chooses its bucket.
-- The server's record hash adds up column by column (31 * h + next), so its sum over rows would not notice two values
-- that changed places between rows. Mixed with a hash of itself, every row counts as a whole (that hash alone would not
-- do: of a bigint it keeps 32 bits).
-- Parameters: selection, columns, key_columns, buckets, transcode, keyed (false), chosen (false).
-- Locks ACCESS SHARE on what is read.
WITH hashed AS (
    {% include 'checksum/rows.sql' %}
)

SELECT
    ({% if key_columns %}"pgpipelines bucket"{% else %}"pgpipelines hash" & bigint '{{ buckets - 1 }}'{% endif %})::integer AS bucket,
    count(*) AS rows,
    sum("pgpipelines hash" # hashint8extended("pgpipelines hash", 0)) AS hash
FROM hashed
GROUP BY 1
