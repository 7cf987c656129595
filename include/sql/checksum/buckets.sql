-- The checksum of some content: for each bucket of keys, how many rows, and the sum of their hashes.
-- Without a key, the row's own hash chooses its bucket. A single bucket needs no groups, which would take a fifth more.
-- A row's hash is an exclusive or of its columns' hashes, so a sum of such hashes could overlook two values that
-- changed places between rows. Mixed with a hash of itself, every row counts as a whole (that hash alone would not do:
-- of a bigint it keeps 32 bits).
-- The sum is taken by halves and packed into 64 bits: the server adds integers up in place, without the number of any
-- length that a sum of bigints needs for each bucket.
-- Parameters: selection, columns, key_columns, buckets, transcode, keyed (false), chosen (false).
-- Locks ACCESS SHARE on what is read.
WITH hashed AS (
    {% include 'checksum/rows.sql' %}
),

summed AS (
    SELECT
        {% if buckets == 1 %}
        0 AS bucket,
        {% else %}
        ({% if key_columns %}"pgpipelines bucket"{% else %}"pgpipelines hash" & bigint '{{ buckets - 1 }}'{% endif %})::integer AS bucket,
        {% endif %}
        count(*) AS rows,
        sum((("pgpipelines hash" # hashint8extended("pgpipelines hash", 0)) >> 32)::integer) AS high,
        sum(hashint8("pgpipelines hash")) AS low
    FROM hashed
    {% if buckets == 1 %}
    HAVING count(*) > 0
    {% else %}
    GROUP BY 1
    {% endif %}
)

SELECT
    bucket,
    rows,
    -- The low half's sum, turned by 32 bits, beside the high half's.
    high # (low << 32) # ((low >> 32) & bigint '4294967295') AS hash
FROM summed
