-- The types that some types are made of and that belong to neither PostgreSQL nor an extension: enums, domains,
-- composites, ranges and multiranges, those that others build on first. A table's row type is none of them.
-- Parameters: types (oids). Locks nothing.
WITH RECURSIVE used AS (
    SELECT
        given.oid,
        0 AS depth
    FROM unnest(%(types)s::oid[]) AS given (oid)
    UNION
    SELECT
        below.oid,
        u.depth + 1
    FROM used AS u
    INNER JOIN pg_type AS t ON u.oid = t.oid
    CROSS JOIN LATERAL (
        SELECT t.typbasetype AS oid
        UNION ALL
        SELECT t.typelem WHERE t.typcategory = 'A'
        UNION ALL
        SELECT a.atttypid
        FROM pg_attribute AS a
        INNER JOIN pg_class AS c ON a.attrelid = c.oid AND c.relkind = 'c'
        WHERE c.oid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT r.rngsubtype FROM pg_range AS r WHERE r.rngtypid = t.oid
        UNION ALL
        SELECT r.rngtypid FROM pg_range AS r WHERE r.rngmultitypid = t.oid
    ) AS below
    WHERE below.oid >= 16384
)

SELECT
    n.nspname AS schema,
    t.typname AS name,
    quote_ident(n.nspname) || '.' || quote_ident(t.typname) AS written,
    t.typtype AS kind,
    ARRAY(
        SELECT e.enumlabel::text FROM pg_enum AS e
        WHERE e.enumtypid = t.oid
        ORDER BY e.enumsortorder
    ) AS labels,
    CASE
        WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod)
        WHEN t.typtype = 'r' THEN format_type(r.rngsubtype, NULL)
    END AS base,
    (
        SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
        FROM pg_collation AS co
        INNER JOIN pg_namespace AS cn ON co.collnamespace = cn.oid
        INNER JOIN pg_type AS b ON b.oid = coalesce(r.rngsubtype, t.typbasetype)
        WHERE co.oid = coalesce(r.rngcollation, t.typcollation) AND co.oid <> b.typcollation
    ) AS collation,
    t.typnotnull AS not_null,
    pg_get_expr(t.typdefaultbin, 0) AS expression,
    ARRAY(
        SELECT quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint AS c
        WHERE c.contypid = t.oid AND c.contype = 'c'
        ORDER BY c.conname
    ) AS checks,
    attributes.names AS attribute_names,
    attributes.types AS attribute_types,
    attributes.collations AS attribute_collations,
    (
        SELECT quote_ident(o.nspname) || '.' || quote_ident(oc.opcname)
        FROM pg_opclass AS oc
        INNER JOIN pg_namespace AS o ON oc.opcnamespace = o.oid
        WHERE oc.oid = r.rngsubopc AND NOT oc.opcdefault
    ) AS range_opclass,
    CASE WHEN r.rngcanonical <> 0 THEN r.rngcanonical::text END AS range_canonical,
    CASE WHEN r.rngsubdiff <> 0 THEN r.rngsubdiff::text END AS range_difference,
    mn.nspname AS multirange_schema,
    m.typname AS multirange_name,
    obj_description(t.oid, 'pg_type') AS comment
FROM pg_type AS t
INNER JOIN pg_namespace AS n ON t.typnamespace = n.oid
INNER JOIN (SELECT oid, max(depth) AS depth FROM used GROUP BY oid) AS u ON t.oid = u.oid
LEFT JOIN pg_class AS tc ON t.typrelid = tc.oid
LEFT JOIN pg_range AS r ON t.oid = r.rngtypid
LEFT JOIN pg_type AS m ON r.rngmultitypid = m.oid
LEFT JOIN pg_namespace AS mn ON m.typnamespace = mn.oid
CROSS JOIN LATERAL (
    SELECT
        coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') AS names,
        coalesce(array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum), '{}') AS types,
        coalesce(
            array_agg(
                CASE
                    WHEN a.attcollation <> at.typcollation
                        THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
                END
                ORDER BY a.attnum
            ), '{}'
        ) AS collations
    FROM pg_attribute AS a
    INNER JOIN pg_type AS at ON a.atttypid = at.oid
    LEFT JOIN pg_collation AS co ON a.attcollation = co.oid
    LEFT JOIN pg_namespace AS cn ON co.collnamespace = cn.oid
    WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
) AS attributes
WHERE
    t.typtype IN ('e', 'd', 'c', 'r', 'm') AND t.oid >= 16384 AND coalesce(tc.relkind, 'c') = 'c'
    AND NOT EXISTS (
        SELECT FROM pg_depend AS e
        WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e'
    )
ORDER BY u.depth DESC, n.nspname, t.typname;
