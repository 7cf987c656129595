-- Whether the package's tables stand in this database as this version needs them, and whether this role may write
-- them, or create what is missing. Parameters: none. Locks nothing.
WITH place AS (
    SELECT n.oid AS schema
    FROM (VALUES (1)) AS one (row)
    LEFT JOIN pg_namespace AS n ON n.nspname = 'pgpipelines'
),

relations AS (
    SELECT
        c.oid,
        c.relname AS name,
        pg_has_role(c.relowner, 'USAGE') AS own,
        has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
        AND (c.relname = 'ledger' OR (has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')))
        AS may_write
    FROM pg_class AS c
    INNER JOIN place AS p ON c.relnamespace = p.schema
    WHERE c.relname IN ('ledger', 'load', 'load_chunk', 'progress', 'freshness')
),

state AS (
    SELECT
        schema,
        (SELECT count(*) = 5 FROM relations) AND EXISTS (
            SELECT FROM pg_attribute AS a
            INNER JOIN relations AS r ON a.attrelid = r.oid
            WHERE r.name = 'ledger' AND a.attname = 'notices'
        ) AS present
    FROM place
)

SELECT
    schema IS NOT NULL AS schema_present,
    present,
    CASE
        WHEN present THEN true
        WHEN schema IS NOT NULL THEN
            has_schema_privilege(schema, 'CREATE') AND has_schema_privilege(schema, 'USAGE')
            AND NOT EXISTS (SELECT FROM relations WHERE NOT own)
        ELSE has_database_privilege(current_database(), 'CREATE')
    END AS may_create,
    NOT present OR (
        has_schema_privilege(schema, 'USAGE') AND has_schema_privilege(schema, 'CREATE')
        AND NOT EXISTS (SELECT FROM relations WHERE name <> 'freshness' AND NOT may_write)
    ) AS may_write
FROM state;
