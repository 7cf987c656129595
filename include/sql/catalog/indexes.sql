-- Indexes that no constraint brings with it: name, and the definition from USING on, which names no table.
-- Parameters: oid. Locks nothing.
SELECT
    ic.relname AS name,
    i.indisunique AS "unique",
    substr(
        pg_get_indexdef(i.indexrelid),
        length(
            format(
                'CREATE %%sINDEX %%I ON %%s%%I.%%I ',
                CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END,
                ic.relname,
                CASE WHEN ic.relkind = 'I' THEN 'ONLY ' ELSE '' END,
                tn.nspname,
                tc.relname
            )
        ) + 1
    ) AS definition,
    obj_description(i.indexrelid, 'pg_class') AS comment
FROM pg_index AS i
INNER JOIN pg_class AS ic ON i.indexrelid = ic.oid
INNER JOIN pg_class AS tc ON i.indrelid = tc.oid
INNER JOIN pg_namespace AS tn ON tc.relnamespace = tn.oid
WHERE
    i.indrelid = %(oid)s AND i.indisvalid
    AND NOT EXISTS (
        SELECT FROM pg_constraint AS con
        WHERE con.conindid = i.indexrelid AND con.contype IN ('p', 'u', 'x')
    )
ORDER BY ic.relname;
