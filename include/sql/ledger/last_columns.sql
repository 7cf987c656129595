-- The columns that the last successful run copied into a table. No row where there was none.
-- Parameters: source_table, target_table. Locks ACCESS SHARE on the ledger.
SELECT columns
FROM pgpipelines.ledger
WHERE target_table = %(target_table)s AND source_table = %(source_table)s AND status = 'succeeded'
ORDER BY id DESC
LIMIT 1;
