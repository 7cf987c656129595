-- Whether the ledger stands in this database, and whether this role may write it, or create it where it is missing.
-- Parameters: none. Locks nothing.
WITH expected AS (
    SELECT
        n.oid AS schema,
        c.oid AS ledger
    FROM (VALUES (1)) AS one (row)
    LEFT JOIN pg_namespace AS n ON n.nspname = 'pgpipelines'
    LEFT JOIN pg_class AS c ON n.oid = c.relnamespace AND c.relname = 'ledger'
)

SELECT
    schema IS NOT NULL AS schema_present,
    ledger IS NOT NULL AS present,
    CASE
        WHEN ledger IS NOT NULL THEN true
        WHEN schema IS NOT NULL THEN has_schema_privilege(schema, 'CREATE') AND has_schema_privilege(schema, 'USAGE')
        ELSE has_database_privilege(current_database(), 'CREATE')
    END AS may_create,
    ledger IS NULL OR (
        has_schema_privilege(schema, 'USAGE')
        AND has_table_privilege(ledger, 'SELECT') AND has_table_privilege(ledger, 'INSERT')
    ) AS may_write
FROM expected;
