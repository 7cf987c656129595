-- Streams the keys and hashes of the source's rows in some buckets. Sorted, so that the source reads all of them before
-- the first is taken: the target looks for its own meanwhile.
-- Parameters: as in checksum/chosen_rows.sql; bound: chosen_buckets. Locks ACCESS SHARE on what is read.
COPY (
    {% include 'checksum/chosen_rows.sql' %}

    ORDER BY "pgpipelines hash"
) TO STDOUT
