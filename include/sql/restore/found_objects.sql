-- What somebody has made in this database, a few of it: no row where the database is empty. Objects that PostgreSQL
-- brings have numbers below 16384. Parameters: none. Locks nothing.
WITH temporary_schemas AS (
    SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_'
),

objects (catalog, oid) AS (
    SELECT 'pg_class'::regclass, oid FROM pg_class
    WHERE relkind NOT IN ('i', 'I', 't') AND relnamespace NOT IN (SELECT oid FROM temporary_schemas)
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid FROM pg_namespace WHERE oid NOT IN (SELECT oid FROM temporary_schemas)
    UNION ALL
    SELECT 'pg_type'::regclass, oid FROM pg_type
    WHERE typrelid = 0 AND typcategory <> 'A' AND typnamespace NOT IN (SELECT oid FROM temporary_schemas)
    UNION ALL
    SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace NOT IN (SELECT oid FROM temporary_schemas)
    UNION ALL
    SELECT 'pg_largeobject'::regclass, oid FROM pg_largeobject_metadata
    UNION ALL
    SELECT 'pg_extension'::regclass, oid FROM pg_extension
    UNION ALL
    SELECT 'pg_operator'::regclass, oid FROM pg_operator
    UNION ALL
    SELECT 'pg_collation'::regclass, oid FROM pg_collation
    UNION ALL
    SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
    UNION ALL
    SELECT 'pg_cast'::regclass, oid FROM pg_cast
    UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
    UNION ALL
    SELECT 'pg_event_trigger'::regclass, oid FROM pg_event_trigger
    UNION ALL
    SELECT 'pg_publication'::regclass, oid FROM pg_publication
    UNION ALL
    SELECT 'pg_default_acl'::regclass, oid FROM pg_default_acl
)

SELECT pg_describe_object(catalog, oid, 0) AS described
FROM objects
WHERE oid >= 16384
ORDER BY oid
LIMIT 3;
