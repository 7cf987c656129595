-- Whether the package's tables stand in this database as this version needs them, and whether this role may write
-- them, or create what is missing. Parameters: none. Locks nothing.
WITH place AS (
    SELECT
        n.oid AS schema,
        EXISTS (
            SELECT FROM pg_attribute AS a
            WHERE a.attrelid = to_regclass('pgpipelines.ledger') AND a.attname = 'notices'
        ) AND to_regclass('pgpipelines.freshness') IS NOT NULL AS current
    FROM (VALUES (1)) AS one (row)
    LEFT JOIN pg_namespace AS n ON n.nspname = 'pgpipelines'
),

written AS (
    SELECT
        c.oid,
        pg_has_role(c.relowner, 'USAGE') AS own,
        has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND (c.relname = 'ledger' OR (has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')))
        AS may_write
    FROM pg_class AS c
    INNER JOIN place AS p ON c.relnamespace = p.schema
    WHERE c.relname IN ('ledger', 'load', 'load_chunk', 'progress')
)

SELECT
    schema IS NOT NULL AS schema_present,
    coalesce(current, false) AS present,
    CASE
        WHEN current THEN true
        WHEN schema IS NOT NULL THEN
            has_schema_privilege(schema, 'CREATE') AND has_schema_privilege(schema, 'USAGE')
            AND NOT EXISTS (SELECT FROM written WHERE NOT own)
        ELSE has_database_privilege(current_database(), 'CREATE')
    END AS may_create,
    NOT coalesce(current, false) OR (
        has_schema_privilege(schema, 'USAGE') AND has_schema_privilege(schema, 'CREATE')
        AND NOT EXISTS (SELECT FROM written WHERE NOT may_write)
    ) AS may_write
FROM place;
