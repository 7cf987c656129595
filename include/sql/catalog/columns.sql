-- The columns of a table, in order: what they hold, how they can travel, and what fills them.
-- Parameters: oid. Locks nothing.
WITH attributes AS (
    SELECT
        attnum,
        atttypid AS type_oid,
        atttypmod AS modifier,
        attcollation AS collation_oid
    FROM pg_attribute
    WHERE attrelid = %(oid)s AND attnum > 0 AND NOT attisdropped
),

described_types AS (
    {% include 'catalog/described_types.sql' %}
),

-- A sequence fills a column through its default, or as its identity; only some are owned by the column.
used_sequences AS (
    SELECT
        ad.adnum AS attnum,
        d.refobjid AS oid
    FROM pg_attrdef AS ad
    INNER JOIN pg_depend AS d ON ad.oid = d.objid AND d.classid = 'pg_attrdef'::regclass
    WHERE ad.adrelid = %(oid)s AND d.refclassid = 'pg_class'::regclass
    UNION
    SELECT
        d.refobjsubid,
        d.objid
    FROM pg_depend AS d
    WHERE
        d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = %(oid)s AND d.deptype = 'i'
),

sequences AS (
    SELECT DISTINCT ON (u.attnum)
        u.attnum,
        n.nspname AS schema,
        c.relname AS name,
        -- As pg_get_expr writes it: without an E, whatever backslashes are in it.
        '''' || replace(quote_ident(n.nspname) || '.' || quote_ident(c.relname), '''', '''''')
        || '''::regclass' AS written,
        format_type(s.seqtypid, NULL) AS type,
        format(
            'START WITH %%s INCREMENT BY %%s MINVALUE %%s MAXVALUE %%s CACHE %%s %%s',
            s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
            CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END
        ) AS options,
        EXISTS (
            SELECT FROM pg_depend AS o
            WHERE
                o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.deptype IN ('a', 'i')
                AND o.refobjid = %(oid)s AND o.refobjsubid = u.attnum
        ) AS owned,
        has_sequence_privilege(c.oid, 'UPDATE') AND has_sequence_privilege(c.oid, 'USAGE, SELECT') AS may_advance
    FROM used_sequences AS u
    INNER JOIN pg_class AS c ON u.oid = c.oid AND c.relkind = 'S'
    INNER JOIN pg_sequence AS s ON c.oid = s.seqrelid
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    ORDER BY u.attnum, c.oid
)

SELECT
    a.attname AS name,
    t.*,
    a.attnotnull AND coalesce(nn.convalidated, true) AS not_null,
    CASE WHEN nn.convalidated THEN nn.conname END AS not_null_name,
    a.attgenerated AS generated,
    a.attidentity AS identity,
    pg_get_expr(ad.adbin, ad.adrelid) AS expression,
    s.schema AS sequence_schema,
    s.name AS sequence_name,
    s.written AS sequence_written,
    s.type AS sequence_type,
    s.options AS sequence_options,
    s.owned AS sequence_owned,
    s.may_advance,
    CASE
        WHEN a.attstorage <> d.typstorage
            THEN
                CASE a.attstorage
                    WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED'
                END
    END AS storage,
    CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
    -- The default is -1 in old versions, and NULL in new ones.
    CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END AS statistics,
    col_description(a.attrelid, a.attnum) AS comment
FROM pg_attribute AS a
INNER JOIN described_types AS t ON a.attnum = t.attnum
INNER JOIN pg_type AS d ON a.atttypid = d.oid
LEFT JOIN pg_attrdef AS ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
LEFT JOIN sequences AS s ON a.attnum = s.attnum
-- PostgreSQL 18 keeps NOT NULL as a constraint, which may be unproven.
LEFT JOIN pg_constraint AS nn ON a.attrelid = nn.conrelid AND nn.contype = 'n' AND a.attnum = nn.conkey[1]
WHERE a.attrelid = %(oid)s
ORDER BY a.attnum;
