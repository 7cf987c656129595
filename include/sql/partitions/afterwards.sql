-- The statements that give a table of the same name, made in the place of this one, what depends on it: its
-- privileges, its triggers, and the views that read it, each as it is now.
-- Parameters: bound: oid. Locks nothing.
WITH place AS (
    SELECT
        c.*,
        format('%%I.%%I', n.nspname, c.relname) AS written
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE c.oid = %(oid)s
),

granted AS (
    SELECT
        '' AS columns,
        a.*
    FROM place AS p
    CROSS JOIN LATERAL aclexplode(coalesce(p.relacl, acldefault('r', p.relowner))) AS a
    UNION ALL
    SELECT
        ' (' || quote_ident(att.attname) || ')',
        a.*
    FROM pg_attribute AS att
    CROSS JOIN LATERAL aclexplode(att.attacl) AS a
    WHERE att.attrelid = %(oid)s AND att.attacl IS NOT NULL
),

statement AS (
    SELECT
        1 AS step,
        format(
            'GRANT %%s%%s ON TABLE %%s TO %%s%%s',
            g.privilege_type,
            g.columns,
            p.written,
            CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
            CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
        ) AS definition
    FROM place AS p
    CROSS JOIN granted AS g
    WHERE g.grantee <> p.relowner
    UNION ALL
    SELECT
        2,
        pg_get_triggerdef(t.oid)
    FROM pg_trigger AS t
    WHERE t.tgrelid = %(oid)s AND NOT t.tgisinternal
    UNION ALL
    SELECT DISTINCT
        3,
        format(
            'CREATE OR REPLACE VIEW %%I.%%I%%s AS %%s',
            n.nspname,
            v.relname,
            coalesce(' WITH (' || array_to_string(v.reloptions, ', ') || ')', ''),
            pg_get_viewdef(v.oid)
        )
    FROM pg_depend AS d
    INNER JOIN pg_rewrite AS r ON d.objid = r.oid
    INNER JOIN pg_class AS v ON r.ev_class = v.oid AND v.relkind = 'v'
    INNER JOIN pg_namespace AS n ON v.relnamespace = n.oid
    WHERE
        d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = %(oid)s
        AND d.deptype = 'n'
)

SELECT definition
FROM statement
ORDER BY step, definition;
