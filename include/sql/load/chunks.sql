-- The pieces of a load, in order; rows is NULL for those still to come. Parameters: bound: target_table.
-- Locks ACCESS SHARE on the chunks.
SELECT number, leaf_schema, leaf_table, first_page, end_page, rows, bytes, snapshot
FROM pgpipelines.load_chunk
WHERE target_table = %(target_table)s
ORDER BY number;
