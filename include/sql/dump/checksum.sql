-- The checksum of some content, bucket by bucket, its two halves packed into 64 bits.
-- Parameters: as in checksum/sums.sql. Locks ACCESS SHARE on what is read.
SELECT
    bucket,
    rows,
    -- The low half's sum, turned by 32 bits, beside the high half's.
    high # (low << 32) # ((low >> 32) & bigint '4294967295') AS hash
FROM (
    {% include 'checksum/sums.sql' %}
) AS summed
