-- What stands of the statistics in this database: the raw tables that are missing, and whether the tracking tables, the
-- columns of the statistics tables and the views are there.
-- Parameters: bound: schema, raw (names of the raw tables), statistics (names of the statistics tables and the column
-- that each was given last, as table.column), view (the one made last). Locks nothing.
SELECT
    ARRAY(
        SELECT raw.name
        FROM unnest(%(raw)s::text []) AS raw (name)
        WHERE to_regclass(quote_ident(%(schema)s) || '.' || quote_ident(raw.name)) IS NULL
        ORDER BY raw.name
    ) AS missing,
    to_regnamespace('pgpipelines') IS NOT NULL AS schema_present,
    to_regclass('pgpipelines.rollup_settings') IS NOT NULL
    AND to_regprocedure('pgpipelines.total(bigint)') IS NOT NULL AS tracking_present,
    (
        SELECT count(*) = cardinality(%(statistics)s::text [])
        FROM pg_attribute AS a
        INNER JOIN pg_class AS c ON c.oid = a.attrelid
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = %(schema)s AND c.relname || '.' || a.attname = ANY(%(statistics)s::text [])
    ) AS statistics_present,
    to_regclass(quote_ident(%(schema)s) || '.' || quote_ident(%(view)s)) IS NOT NULL AS views_present;
