-- Whether the figures were computed with other settings than these, or never.
-- Parameters: bound: settings (JSON). Locks nothing.
SELECT NOT EXISTS (SELECT FROM pgpipelines.rollup_settings WHERE settings = %(settings)s::jsonb) AS differ;
