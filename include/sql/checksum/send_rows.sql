-- Streams the keys and hashes of the source's rows in some buckets.
-- Parameters: as in checksum/chosen_rows.sql; bound: chosen_buckets. Locks ACCESS SHARE on what is read.
COPY (
    {% include 'checksum/chosen_rows.sql' %}
) TO STDOUT
