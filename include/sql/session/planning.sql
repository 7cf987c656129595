-- Gives this session memory for large sorts, hashes and index builds, unless the server gives more by itself, and lets
-- it look rows up by index where they are few among many: what a run costs is to follow what changed, not the table.
-- Parameters: none. Locks nothing.
SELECT set_config(name, wanted, false)
FROM (
    VALUES ('work_mem', '64MB', true), ('maintenance_work_mem', '256MB', true), ('random_page_cost', '1.1', false)
) AS settings (name, wanted, memory)
WHERE
    CASE
        WHEN memory THEN pg_size_bytes(current_setting(name)) < pg_size_bytes(wanted)
        ELSE current_setting(name)::float8 > wanted::float8
    END;
