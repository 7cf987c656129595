-- The snapshot of the source that the last successful run into a table read, of what is read now. No row where there
-- was none. Parameters: bound: target_table, origin, selection. Locks ACCESS SHARE on the ledger.
SELECT snapshot
FROM pgpipelines.ledger
WHERE
    target_table = %(target_table)s AND status = 'succeeded'
    AND origin = %(origin)s AND selection = %(selection)s
ORDER BY id DESC
LIMIT 1;
