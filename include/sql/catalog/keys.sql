-- The unique indexes that can tell rows apart: whole, on plain columns without NULLs, checked at once.
-- The primary key first, then the narrowest. Parameters: oid. Locks nothing.
SELECT array_agg(a.attname::text ORDER BY k.position) AS columns
FROM pg_index AS i
CROSS JOIN LATERAL unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k (attnum, position)
INNER JOIN pg_attribute AS a ON i.indrelid = a.attrelid AND k.attnum = a.attnum
WHERE
    i.indrelid = %(oid)s AND i.indisunique AND i.indisvalid AND i.indimmediate
    AND i.indpred IS NULL AND i.indexprs IS NULL
GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts
HAVING bool_and(a.attnotnull)
ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid;
