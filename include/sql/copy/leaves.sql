-- The relations that hold a table's rows at this snapshot: itself, its partitions, the tables that inherit from it.
-- Parameters: only (itself alone); bound: schema, name, column (the cursor), access_method. Locks nothing.
WITH RECURSIVE tree AS (
    SELECT c.oid
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname = %(schema)s AND c.relname = %(name)s
    {% if not only %}
    UNION
    SELECT i.inhrelid
    FROM tree AS t
    INNER JOIN pg_inherits AS i ON t.oid = i.inhparent
    {% endif %}
)

SELECT
    c.oid::bigint AS oid,
    c.relfilenode::bigint AS file,
    c.relkind IN ('r', 'm') AND am.amname = %(access_method)s AS has_xmin,
    coalesce(a.attnotnull, false) AS not_null
FROM tree AS t
INNER JOIN pg_class AS c ON t.oid = c.oid
LEFT JOIN pg_am AS am ON c.relam = am.oid
LEFT JOIN pg_attribute AS a ON c.oid = a.attrelid AND a.attname = %(column)s
WHERE c.relkind IN ('r', 'm', 'v', 'f')
ORDER BY c.oid;
