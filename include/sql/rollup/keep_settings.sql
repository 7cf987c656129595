-- Notes the settings that the figures are computed with. Parameters: bound: settings (JSON). Locks the row.
DELETE FROM pgpipelines.rollup_settings;
INSERT INTO pgpipelines.rollup_settings (settings) VALUES (%(settings)s::jsonb);
