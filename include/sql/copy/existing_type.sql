-- What a type is: its labels if it is an enum; what it is made of if it is a domain, range or composite; the
-- constraints of a domain. One row, or none where there is no such type. Parameters: schema, name. Locks nothing.
SELECT
    t.typtype AS kind,
    ARRAY(
        SELECT e.enumlabel::text FROM pg_enum AS e
        WHERE e.enumtypid = t.oid
        ORDER BY e.enumsortorder
    ) AS labels,
    array_to_string(
        ARRAY(
            SELECT format_type(t.typbasetype, t.typtypmod) WHERE t.typtype = 'd'
            UNION ALL
            SELECT format_type(r.rngsubtype, NULL) FROM pg_range AS r WHERE r.rngtypid = t.oid
            UNION ALL
            (
                SELECT '"' || replace(a.attname, '"', '""') || '" ' || format_type(a.atttypid, a.atttypmod)
                FROM pg_attribute AS a
                WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum
            )
        ), ', '
    ) AS made_of,
    t.typnotnull AS not_null,
    ARRAY(
        SELECT quote_ident(c.conname) || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint AS c
        WHERE c.contypid = t.oid AND c.contype = 'c'
        ORDER BY c.conname
    ) AS checks
FROM pg_type AS t
INNER JOIN pg_namespace AS n ON t.typnamespace = n.oid
WHERE n.nspname = %(schema)s AND t.typname = %(name)s;
