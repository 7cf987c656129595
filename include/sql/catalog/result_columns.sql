-- The columns of a query's result, described as those of a table that has them.
-- Parameters: names, types (oids), modifiers, collations (oids, 0 where none is known), one array each. Locks nothing.
WITH attributes AS (
    SELECT
        c.attnum,
        c.name,
        c.type_oid,
        -- A result's modifier is that of the type below a domain.
        CASE WHEN t.typtype = 'd' THEN -1 ELSE c.modifier END AS modifier,
        c.collation_oid
    FROM
        unnest(%(names)s::text[], %(types)s::oid[], %(modifiers)s::integer[], %(collations)s::oid[])
        WITH ORDINALITY AS c (name, type_oid, modifier, collation_oid, attnum)
    INNER JOIN pg_type AS t ON c.type_oid = t.oid
),

described_types AS (
    {% include 'catalog/described_types.sql' %}
)

SELECT
    a.name,
    t.*,
    false AS not_null,
    NULL AS not_null_name,
    '' AS generated,
    '' AS identity,
    NULL AS expression,
    NULL AS sequence_name,
    NULL AS storage,
    NULL AS compression,
    NULL::integer AS statistics,
    NULL AS comment
FROM attributes AS a
INNER JOIN described_types AS t ON a.attnum = t.attnum
ORDER BY a.attnum;
