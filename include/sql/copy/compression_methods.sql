-- The compression methods for columns that this server was built with. Parameters: none. Locks nothing.
SELECT unnest(enumvals) AS name
FROM pg_settings
WHERE name = 'default_toast_compression';
