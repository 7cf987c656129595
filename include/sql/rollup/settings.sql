-- Whether the figures were computed with other settings than these, or never; and the other schema that they are of,
-- where that has a log still.
-- Parameters: bound: settings (JSON), log (name of charger_usage_log). Locks nothing.
SELECT
    NOT EXISTS (SELECT FROM pgpipelines.rollup_settings WHERE settings = %(settings)s::jsonb) AS differ,
    (
        SELECT settings ->> 'schema'
        FROM pgpipelines.rollup_settings
        WHERE
            settings ->> 'schema' <> %(settings)s::jsonb ->> 'schema'
            AND to_regclass(quote_ident(settings ->> 'schema') || '.' || quote_ident(%(log)s)) IS NOT NULL
    ) AS other_schema;
