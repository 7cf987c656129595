-- Whether the list of detached partitions stands. Parameters: none. Locks nothing.
SELECT to_regclass('pgpipelines.detached_charger') IS NOT NULL AS present;
