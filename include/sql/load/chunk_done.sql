-- Notes that a piece was loaded, in the transaction of its rows. Parameters: bound: target_table, number, rows, bytes,
-- snapshot. Locks ROW EXCLUSIVE on the chunks.
UPDATE pgpipelines.load_chunk
SET rows = %(rows)s, bytes = %(bytes)s, snapshot = %(snapshot)s
WHERE target_table = %(target_table)s AND number = %(number)s;
