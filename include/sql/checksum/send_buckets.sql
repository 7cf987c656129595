-- Streams the checksum of some content, bucket by bucket, in their order.
-- Parameters: as in checksum/buckets.sql. Locks ACCESS SHARE on what is read.
COPY (
    {% include 'checksum/buckets.sql' %}

    ORDER BY bucket
) TO STDOUT
