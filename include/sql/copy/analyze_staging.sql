-- Counts the staged rows, so that the merge is planned for their number. Parameters: none. Locks only staging.
ANALYZE pg_temp.pgpipelines_staging;
