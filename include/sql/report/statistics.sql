-- How much stands in the charger statistics: sessions, hours and days of chargers, days of stations.
-- Parameters: hourly, daily, station (tables). Locks ACCESS SHARE on them.
SELECT
    (SELECT coalesce(sum(num_sessions), 0) FROM {{ hourly | identifier }}) AS sessions,
    (SELECT count(*) FROM {{ hourly | identifier }}) AS hours,
    (SELECT count(*) FROM {{ daily | identifier }}) AS days,
    (SELECT count(*) FROM {{ station | identifier }}) AS station_days;
