-- The unique indexes that are checked row by row, as expressions of the columns that each depends on.
-- Parameters: oid. Locks nothing.
SELECT
    ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, false) FROM generate_series(1, i.indnkeyatts) AS n) AS expressions,
    pg_get_expr(i.indpred, i.indrelid) AS predicate,
    ARRAY(
        SELECT DISTINCT a.attname::text
        FROM pg_depend AS d
        INNER JOIN pg_attribute AS a ON d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
        WHERE
            d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND a.attrelid = i.indrelid
            -- A constraint's index depends on its columns through the constraint.
            AND d.objid = i.indexrelid
        UNION
        SELECT a.attname::text
        FROM pg_attribute AS a
        WHERE a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey[0:i.indnkeyatts - 1])
    ) AS columns
FROM pg_index AS i
WHERE i.indrelid = %(oid)s AND i.indisunique AND i.indisvalid AND i.indimmediate
ORDER BY i.indexrelid;
