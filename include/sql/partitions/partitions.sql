-- The partitions of a table, each with the times that it takes; the default one, and one without a bound, has none.
-- Parameters: bound: schema, name. Locks nothing.
WITH partition AS (
    SELECT
        c.oid,
        n.nspname AS schema,
        c.relname AS name,
        pg_get_expr(c.relpartbound, c.oid) AS bound
    FROM pg_inherits AS i
    INNER JOIN pg_class AS c ON i.inhrelid = c.oid
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    INNER JOIN pg_class AS p ON i.inhparent = p.oid
    INNER JOIN pg_namespace AS pn ON p.relnamespace = pn.oid
    WHERE pn.nspname = %(schema)s AND p.relname = %(name)s AND c.relispartition
)

SELECT
    schema,
    name,
    bound = 'DEFAULT' AS is_default,
    substring(bound FROM 'FROM \(''([^'']+)''\)')::timestamp AS from_time,
    substring(bound FROM 'TO \(''([^'']+)''\)')::timestamp AS until_time
FROM partition
ORDER BY from_time, name;
