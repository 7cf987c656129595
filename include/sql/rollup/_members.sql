{# CTE `member`: a raw table and all its partitions. Part of other templates. Bound: schema, name. #}
WITH raw AS (
    SELECT c.oid
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %(schema)s AND c.relname = %(name)s AND c.relkind IN ('r', 'p')
),

-- pg_partition_tree knows nothing of a table that is no partition and has none.
member AS (
    SELECT raw.oid FROM raw
    UNION
    SELECT tree.relid::oid FROM raw CROSS JOIN LATERAL pg_partition_tree(raw.oid) AS tree
)
