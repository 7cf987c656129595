-- Gives this session memory for large sorts, hashes and index builds, unless the server gives more by itself.
-- Parameters: none. Locks nothing.
SELECT set_config(name, least, false)
FROM (VALUES ('work_mem', '64MB'), ('maintenance_work_mem', '256MB')) AS wanted (name, least)
WHERE pg_size_bytes(current_setting(name)) < pg_size_bytes(least);
