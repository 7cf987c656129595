-- Columns that are needed and missing, or of another type than they may have; of a table that is missing, none.
-- Parameters: bound: schema, columns (JSON: table_name, column_name, and types, null where any will do). Locks nothing.
WITH needed AS (
    SELECT
        c.oid,
        n.table_name || '.' || n.column_name AS name,
        n.column_name,
        n.types
    FROM jsonb_to_recordset(%(columns)s::jsonb) AS n (table_name text, column_name text, types text [])
    INNER JOIN pg_class AS c ON c.relname = n.table_name AND c.relkind IN ('r', 'p')
    INNER JOIN pg_namespace AS s ON s.oid = c.relnamespace
    WHERE s.nspname = %(schema)s
),

typed AS (
    SELECT
        n.name,
        n.types,
        -- That of a domain is the one beneath.
        format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) AS type
    FROM needed AS n
    LEFT JOIN pg_attribute AS a ON a.attrelid = n.oid AND a.attname = n.column_name AND NOT a.attisdropped
    LEFT JOIN pg_type AS t ON t.oid = a.atttypid
)

SELECT
    CASE
        WHEN type IS NULL THEN name || ' is missing'
        ELSE name || ' is of type ' || type || ', needed ' || array_to_string(types, ' or ')
    END AS what
FROM typed
WHERE type IS NULL OR type <> ALL(types)
ORDER BY name;
