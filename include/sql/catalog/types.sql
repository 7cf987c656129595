-- The enums and domains that a table's columns are made of, those that others build on first.
-- Parameters: oid. Locks nothing.
WITH RECURSIVE used AS (
    SELECT
        a.atttypid AS oid,
        0 AS depth
    FROM pg_attribute AS a
    WHERE a.attrelid = %(oid)s AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT
        below.oid,
        u.depth + 1
    FROM used AS u
    INNER JOIN pg_type AS t ON u.oid = t.oid
    INNER JOIN pg_type AS below ON below.oid IN (t.typbasetype, CASE WHEN t.typcategory = 'A' THEN t.typelem END)
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
    format_type(t.typbasetype, t.typtypmod) AS base,
    t.typnotnull AS not_null,
    pg_get_expr(t.typdefaultbin, 0) AS expression,
    ARRAY(
        SELECT quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint AS c
        WHERE c.contypid = t.oid AND c.contype = 'c'
        ORDER BY c.conname
    ) AS checks
FROM pg_type AS t
INNER JOIN pg_namespace AS n ON t.typnamespace = n.oid
INNER JOIN (SELECT oid, max(depth) AS depth FROM used GROUP BY oid) AS u ON t.oid = u.oid
WHERE t.typtype IN ('e', 'd')
ORDER BY u.depth DESC, n.nspname, t.typname;
