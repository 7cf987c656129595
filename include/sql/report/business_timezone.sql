-- The time zone in which the hours and days of the statistics begin. Parameters: none. Locks nothing.
SELECT settings ->> 'business_timezone' AS name
FROM pgpipelines.rollup_settings;
