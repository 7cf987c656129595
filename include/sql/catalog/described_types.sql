{# What the types of some columns are, and how their values can travel; part of other templates. #}
{# Parameters: none, but a CTE `attributes` of attnum, type_oid, modifier and collation_oid (0 where none is known). #}
{# Domains are followed to the type below them (base_*), arrays to the type of their elements (element_*). #}
WITH RECURSIVE base_types AS (
    SELECT
        a.attnum,
        a.type_oid,
        a.modifier
    FROM attributes AS a
    UNION ALL
    SELECT
        b.attnum,
        t.typbasetype,
        t.typtypmod
    FROM base_types AS b
    INNER JOIN pg_type AS t ON b.type_oid = t.oid
    WHERE t.typtype = 'd'
)

SELECT
    a.attnum,
    a.type_oid,
    format_type(a.type_oid, a.modifier) AS type,
    dn.nspname AS type_schema,
    -- The name that carries a definition of the user's own: the element's where the column is an array.
    coalesce(de.typname, d.typname) AS type_name,
    coalesce(de.typtype, d.typtype) AS type_kind,
    d.typcategory = 'A' AND d.typtype = 'b' AS is_array,
    t.typname AS base_name,
    t.typtype AS base_kind,
    t.oid < 16384 AS builtin,
    b.modifier AS base_modifier,
    t.typsend <> 0 AND t.typreceive <> 0 AS has_binary,
    coalesce(e.oid < 16384, true) AS element_builtin,
    coalesce(de.oid, d.oid) >= 16384 AND coalesce(de.typtype, d.typtype) IN ('e', 'd', 'c', 'r', 'm')
    AND coalesce(tc.relkind, 'c') = 'c'
    AND NOT EXISTS (
        SELECT FROM pg_depend AS x
        WHERE x.classid = 'pg_type'::regclass AND x.objid = coalesce(de.oid, d.oid) AND x.deptype = 'e'
    ) AS user_defined,
    CASE
        WHEN a.collation_oid <> d.typcollation THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
    END AS collation,
    coalesce(co.collisdeterministic, true) AS deterministic
FROM attributes AS a
INNER JOIN base_types AS b ON a.attnum = b.attnum
INNER JOIN pg_type AS t ON b.type_oid = t.oid AND t.typtype <> 'd'
INNER JOIN pg_type AS d ON a.type_oid = d.oid
LEFT JOIN pg_type AS de ON d.typelem = de.oid AND d.typcategory = 'A' AND d.typtype = 'b'
INNER JOIN pg_namespace AS dn ON coalesce(de.typnamespace, d.typnamespace) = dn.oid
LEFT JOIN pg_type AS e ON t.typelem = e.oid AND t.typcategory = 'A'
LEFT JOIN pg_class AS tc ON coalesce(de.typrelid, d.typrelid) = tc.oid
LEFT JOIN pg_collation AS co ON a.collation_oid = co.oid
LEFT JOIN pg_namespace AS cn ON co.collnamespace = cn.oid
