-- What is known of a load into a table that was broken off. Parameters: bound: target_table.
-- Locks ACCESS SHARE on the loads.
SELECT
    loading_schema,
    loading_table,
    digest,
    to_regclass(format('%%I.%%I', loading_schema, loading_table)) IS NOT NULL AS present
FROM pgpipelines.load
WHERE target_table = %(target_table)s;
