-- Finds the keys and hashes of the target's rows in some buckets, as this transaction sees them.
-- Parameters: as in checksum/chosen_rows.sql; bound: chosen_buckets. Locks ACCESS SHARE on what is read.
DROP TABLE IF EXISTS pg_temp.pgpipelines_found_rows;
CREATE TEMPORARY TABLE pgpipelines_found_rows ON COMMIT DROP AS
{% include 'checksum/chosen_rows.sql' %};
