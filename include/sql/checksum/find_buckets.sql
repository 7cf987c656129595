-- Computes the checksum of the target's content, as this transaction sees it.
-- Parameters: as in checksum/buckets.sql. Locks ACCESS SHARE on what is read.
DROP TABLE IF EXISTS pg_temp.pgpipelines_found_buckets;
CREATE TEMPORARY TABLE pgpipelines_found_buckets ON COMMIT DROP AS
{% include 'checksum/buckets.sql' %};
