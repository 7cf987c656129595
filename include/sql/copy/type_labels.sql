-- Whether a type exists, and its labels if it is an enum. Parameters: schema, name. Locks nothing.
SELECT
    ARRAY(
        SELECT e.enumlabel::text FROM pg_enum AS e
        WHERE e.enumtypid = t.oid
        ORDER BY e.enumsortorder
    ) AS labels
FROM pg_type AS t
INNER JOIN pg_namespace AS n ON t.typnamespace = n.oid
WHERE n.nspname = %(schema)s AND t.typname = %(name)s;
