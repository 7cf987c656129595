-- The tables that hold a table's rows (itself, its partitions, its children), each with its size, so that they can be
-- read in pieces: pages of the heap, and bytes with what is stored out of line. A role that may read a table may not
-- always read its partitions and children under their own names (readable).
-- Parameters: only (itself alone); bound: schema, name. Locks nothing.
WITH RECURSIVE tree AS (
    SELECT to_regclass(format('%%I.%%I', %(schema)s, %(name)s))::oid AS oid
    {% if not only %}
    UNION
    SELECT i.inhrelid
    FROM tree
    INNER JOIN pg_inherits AS i ON tree.oid = i.inhparent
    {% endif %}
)

SELECT
    n.nspname AS schema,
    c.relname AS name,
    c.relkind AS kind,
    greatest(pg_relation_size(c.oid) / current_setting('block_size')::bigint, 0) AS pages,
    pg_table_size(c.oid) AS bytes,
    greatest(c.reltuples, 0)::bigint AS rows,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
    AS readable
FROM tree
INNER JOIN pg_class AS c ON tree.oid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind IN ('r', 'f')
ORDER BY c.oid;
