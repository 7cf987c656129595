-- Tables that a source has been copied to and that still stand here, with the source table of each.
-- Parameters: source. Locks ACCESS SHARE on the ledger.
SELECT DISTINCT
    source_table,
    target_table
FROM pgpipelines.ledger
WHERE source = %(source)s AND status = 'succeeded' AND to_regclass(target_table) IS NOT NULL
ORDER BY source_table, target_table;
