-- Whether this role may put triggers on all raw tables and their partitions, and indexes on charger_usage_log.
-- Parameters: bound: schema, raw (names of the raw tables), log (name of charger_usage_log). Locks nothing.
WITH raw AS (
    SELECT c.oid, c.relname, c.relowner
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s AND c.relname = ANY(%(raw)s::text [])
)

SELECT
    (
        SELECT bool_and(has_table_privilege(member.oid, 'TRIGGER'))
        FROM (
            SELECT oid FROM raw
            UNION
            SELECT tree.relid::oid FROM raw CROSS JOIN LATERAL pg_partition_tree(raw.oid) AS tree
        ) AS member
    ) AS by_triggers,
    (SELECT pg_has_role(relowner, 'USAGE') FROM raw WHERE relname = %(log)s) AS by_indexes;
