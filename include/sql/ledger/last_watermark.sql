-- Where the next incremental run into a table starts. No row where nothing is known: a run since then may have filled
-- the table from elsewhere. Parameters: bound: target_table, origin, selection, cursor.
-- Locks ACCESS SHARE on the ledger.
SELECT l.watermark::text AS watermark
FROM pgpipelines.ledger AS l
WHERE
    l.target_table = %(target_table)s AND l.status = 'succeeded'
    AND l.watermark ->> 'cursor' = %(cursor)s
    AND l.origin = %(origin)s AND l.selection = %(selection)s
    AND NOT EXISTS (
        SELECT FROM pgpipelines.ledger AS later
        WHERE
            later.target_table = l.target_table AND later.status = 'succeeded' AND later.id > l.id
            AND (later.origin, later.selection) IS DISTINCT FROM (l.origin, l.selection)
    )
ORDER BY l.id DESC
LIMIT 1;
