-- What a table is: kind, about how many rows, and what this role may do with it. One row, or none where there is no
-- such table.
-- Parameters: schema, name. Locks nothing.
SELECT
    c.oid,
    c.relkind AS kind,
    c.relhassubclass AND c.relkind = 'r' AS inherited,
    c.relpersistence = 'u' AS unlogged,
    (
        SELECT
            string_agg(
                stored.place || quote_ident(o.option_name) || '=' || quote_literal(o.option_value), ', '
                ORDER BY stored.place, o.position
            )
        FROM (
            SELECT
                '' AS place,
                c.reloptions AS options
            UNION ALL
            SELECT
                'toast.',
                tt.reloptions
            FROM pg_class AS tt
            WHERE tt.oid = c.reltoastrelid
        ) AS stored
        CROSS JOIN LATERAL pg_options_to_table(stored.options) WITH ORDINALITY
        AS o (option_name, option_value, position)
        WHERE c.relkind IN ('r', 'p')
    ) AS options,
    pg_get_userbyid(c.relowner) AS owner,
    pg_get_partkeydef(c.oid) AS partition_key,
    pg_get_expr(c.relpartbound, c.oid) AS bound,
    parents.schemas AS parent_schemas,
    parents.names AS parent_names,
    obj_description(c.oid, 'pg_class') AS comment,
    row_security_active(c.oid) AS row_security,
    ARRAY(SELECT r.rulename::text FROM pg_rewrite AS r WHERE r.ev_class = c.oid ORDER BY 1) AS rules,
    pg_has_role(c.relowner, 'USAGE') AS may_own,
    has_schema_privilege(n.oid, 'USAGE') AS may_use_schema,
    has_table_privilege(c.oid, 'SELECT')
    OR NOT EXISTS (
        SELECT FROM pg_attribute AS a
        WHERE
            a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT')
    ) AS may_select,
    -- A snapshot shows what was dropped since, but functions such as this one know of it no more.
    has_table_privilege(c.oid, 'SELECT') IS NULL AS gone,
    has_table_privilege(c.oid, 'INSERT') AS may_insert,
    has_table_privilege(c.oid, 'UPDATE') AS may_update,
    has_table_privilege(c.oid, 'DELETE') AS may_delete,
    has_database_privilege(current_database(), 'TEMPORARY') AS may_make_temporary,
    (
        -- The parent of a partitioned table counts no rows of its own.
        SELECT sum(greatest(leaf.reltuples, 0))::bigint
        FROM pg_class AS leaf
        WHERE leaf.oid IN (SELECT relid FROM pg_partition_tree(c.oid) UNION SELECT c.oid)
    ) AS estimated_rows
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
CROSS JOIN LATERAL (
    SELECT
        coalesce(array_agg(pn.nspname::text ORDER BY inh.inhseqno), '{}') AS schemas,
        coalesce(array_agg(p.relname::text ORDER BY inh.inhseqno), '{}') AS names
    FROM pg_inherits AS inh
    INNER JOIN pg_class AS p ON inh.inhparent = p.oid
    INNER JOIN pg_namespace AS pn ON p.relnamespace = pn.oid
    WHERE inh.inhrelid = c.oid
) AS parents
WHERE n.nspname = %(schema)s AND c.relname = %(name)s AND c.relkind IN ('r', 'p', 'v', 'm', 'f');
