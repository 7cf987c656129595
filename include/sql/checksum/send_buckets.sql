-- Streams the checksum of some content, bucket by bucket, in their order.
-- Parameters: as in checksum/sums.sql. Locks ACCESS SHARE on what is read.
COPY (
    {% include 'checksum/sums.sql' %}

    ORDER BY bucket
) TO STDOUT
