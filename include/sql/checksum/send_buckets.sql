-- Streams the checksum of the source's content, bucket by bucket.
-- Parameters: as in checksum/buckets.sql. Locks ACCESS SHARE on what is read.
COPY (
    {% include 'checksum/buckets.sql' %}
) TO STDOUT
