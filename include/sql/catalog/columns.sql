-- The columns of a table, in order: what they hold, how they can travel, and what fills them.
-- Domains are followed to the type below them (base_*), arrays to the type of their elements (element_*).
-- Parameters: oid. Locks nothing.
WITH RECURSIVE base_types AS (
    SELECT
        a.attnum,
        a.atttypid AS type_oid,
        a.atttypmod AS modifier
    FROM pg_attribute AS a
    WHERE a.attrelid = %(oid)s AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT
        b.attnum,
        t.typbasetype,
        t.typtypmod
    FROM base_types AS b
    INNER JOIN pg_type AS t ON b.type_oid = t.oid
    WHERE t.typtype = 'd'
),

owned_sequences AS (
    SELECT
        d.refobjsubid AS attnum,
        n.nspname AS schema,
        s.relname AS name
    FROM pg_depend AS d
    INNER JOIN pg_class AS s ON d.objid = s.oid AND s.relkind = 'S'
    INNER JOIN pg_namespace AS n ON s.relnamespace = n.oid
    WHERE
        d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = %(oid)s AND d.deptype IN ('a', 'i')
)

SELECT
    a.attname AS name,
    format_type(a.atttypid, a.atttypmod) AS type,
    dn.nspname AS type_schema,
    -- The name that carries an enum's or domain's definition: the element's where the column is an array.
    CASE WHEN d.typcategory = 'A' THEN de.typname ELSE d.typname END AS type_name,
    CASE WHEN d.typcategory = 'A' THEN de.typtype ELSE d.typtype END AS type_kind,
    d.typcategory = 'A' AND d.typtype = 'b' AS is_array,
    t.typname AS base_name,
    t.typtype AS base_kind,
    t.oid < 16384 AS builtin,
    b.modifier AS base_modifier,
    t.typsend <> 0 AND t.typreceive <> 0 AS has_binary,
    coalesce(e.oid < 16384, true) AS element_builtin,
    a.attnotnull AS not_null,
    a.attgenerated AS generated,
    a.attidentity AS identity,
    pg_get_expr(ad.adbin, ad.adrelid) AS expression,
    s.schema AS sequence_schema,
    s.name AS sequence_name,
    CASE
        WHEN a.attcollation <> d.typcollation THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
    END AS collation,
    coalesce(co.collisdeterministic, true) AS deterministic,
    col_description(a.attrelid, a.attnum) AS comment
FROM pg_attribute AS a
INNER JOIN base_types AS b ON a.attnum = b.attnum
INNER JOIN pg_type AS t ON b.type_oid = t.oid AND t.typtype <> 'd'
INNER JOIN pg_type AS d ON a.atttypid = d.oid
LEFT JOIN pg_type AS de ON d.typelem = de.oid AND d.typcategory = 'A'
INNER JOIN pg_namespace AS dn ON coalesce(de.typnamespace, d.typnamespace) = dn.oid
LEFT JOIN pg_type AS e ON t.typelem = e.oid AND t.typcategory = 'A'
LEFT JOIN pg_attrdef AS ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
LEFT JOIN owned_sequences AS s ON a.attnum = s.attnum
LEFT JOIN pg_collation AS co ON a.attcollation = co.oid
LEFT JOIN pg_namespace AS cn ON co.collnamespace = cn.oid
WHERE a.attrelid = %(oid)s
ORDER BY a.attnum;
