-- What all chargers delivered in each hour of the business day: kWh, on average of the last days of the statistics,
-- and how many days these are. An hour that a day has twice counts once, with the energy of both.
-- Parameters: hourly (table); bound: days (how many). Locks ACCESS SHARE on the table.
WITH recent AS (
    SELECT
        hour_key,
        total_energy,
        stats_date
    FROM {{ hourly | identifier }}
    WHERE stats_date > (SELECT max(stats_date) FROM {{ hourly | identifier }}) - %(days)s::integer
)

SELECT
    to_char(hour, 'FM00') AS label,
    round(coalesce(sum(r.total_energy), 0) / counted.days, 3) AS value,
    counted.days
FROM (SELECT count(DISTINCT stats_date) AS days FROM recent) AS counted
CROSS JOIN generate_series(0, 23) AS hour
LEFT JOIN recent AS r ON left(r.hour_key, 2) = to_char(hour, 'FM00')
WHERE counted.days > 0
GROUP BY hour, counted.days
ORDER BY hour;
