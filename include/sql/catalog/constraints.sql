-- Primary key, unique, check and exclusion constraints of a table, as the server defines them, and NOT NULL where it
-- was never proven. The index behind a primary key or unique constraint is given from USING on, if it is a btree: the
-- others (WITHOUT OVERLAPS) can't be built before their constraint.
-- Parameters: oid. Locks nothing.
SELECT
    con.conname AS name,
    con.contype AS kind,
    pg_get_constraintdef(con.oid) AS definition,
    con.condeferrable AS may_defer,
    con.condeferred AS starts_deferred,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(con.conkey) WITH ORDINALITY AS k (attnum, position)
        INNER JOIN pg_attribute AS a ON con.conrelid = a.attrelid AND k.attnum = a.attnum
        ORDER BY k.position
    ) AS columns,
    CASE
        WHEN ic.oid IS NOT NULL
            THEN
                substr(
                    pg_get_indexdef(ic.oid),
                    length(
                        format(
                            'CREATE UNIQUE INDEX %%I ON %%s%%I.%%I ',
                            ic.relname,
                            CASE WHEN ic.relkind = 'I' THEN 'ONLY ' ELSE '' END,
                            tn.nspname,
                            tc.relname
                        )
                    ) + 1
                )
    END AS index_definition,
    obj_description(ic.oid, 'pg_class') AS index_comment,
    obj_description(con.oid, 'pg_constraint') AS comment
FROM pg_constraint AS con
INNER JOIN pg_class AS tc ON con.conrelid = tc.oid
INNER JOIN pg_namespace AS tn ON tc.relnamespace = tn.oid
LEFT JOIN pg_class AS ic
    ON
        con.conindid = ic.oid AND con.contype IN ('p', 'u')
        AND ic.relam = (SELECT am.oid FROM pg_am AS am WHERE am.amname = 'btree')
WHERE con.conrelid = %(oid)s AND (con.contype IN ('p', 'u', 'c', 'x') OR (con.contype = 'n' AND NOT con.convalidated))
ORDER BY con.contype = 'p' DESC, con.conname;
