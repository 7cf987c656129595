-- What unique and exclusion constraints, and unique indexes, keep apart row by row: expressions of the columns that
-- each depends on, and the operators; no two rows may meet in all expressions. `nulls_meet` tells whether NULLs do.
-- Parameters: oid. Locks nothing.
SELECT
    CASE
        WHEN NOT i.indisunique THEN 'exclusion'
        WHEN i.indisexclusion THEN 'period'
        WHEN i.indexprs IS NOT NULL OR i.indpred IS NOT NULL THEN 'expressions'
        ELSE 'columns'
    END AS kind,
    ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, false) FROM generate_series(1, i.indnkeyatts) AS n) AS expressions,
    ARRAY(
        SELECT format('OPERATOR(%%I.%%s)', n.nspname, o.oprname)
        FROM unnest(i.indclass[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k (opclass, position)
        INNER JOIN pg_opclass AS p ON k.opclass = p.oid
        -- A unique index that is no exclusion constraint is a B-tree, whose third operator is equality.
        LEFT JOIN pg_amop AS e
            ON
                p.opcfamily = e.amopfamily AND e.amopstrategy = 3
                AND p.opcintype = e.amoplefttype AND p.opcintype = e.amoprighttype
        INNER JOIN pg_operator AS o ON o.oid = coalesce(x.conexclop[k.position], e.amopopr)
        INNER JOIN pg_namespace AS n ON o.oprnamespace = n.oid
        ORDER BY k.position
    ) AS operators,
    pg_get_expr(i.indpred, i.indrelid) AS predicate,
    -- PostgreSQL 14 has no such column.
    coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_meet,
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
LEFT JOIN pg_constraint AS x ON i.indexrelid = x.conindid AND i.indrelid = x.conrelid AND x.conexclop IS NOT NULL
WHERE i.indrelid = %(oid)s AND (i.indisunique OR i.indisexclusion) AND i.indisvalid AND i.indimmediate
ORDER BY i.indexrelid;
