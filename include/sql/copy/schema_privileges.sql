-- Whether a schema exists, and whether this role may create tables in it, or the schema itself.
-- Parameters: schema. Locks nothing.
SELECT
    to_regnamespace(quote_ident(%(schema)s)) IS NOT NULL AS present,
    coalesce(has_schema_privilege(to_regnamespace(quote_ident(%(schema)s)), 'CREATE'), false) AS may_create_tables,
    has_database_privilege(current_database(), 'CREATE') AS may_create_schemas;
