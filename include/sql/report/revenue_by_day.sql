-- What all chargers earned (KRW), paid or not, on each of the last business days of the statistics.
-- Parameters: daily (table); bound: days (how many). Locks ACCESS SHARE on the table.
WITH recent AS (
    SELECT
        stats_date,
        sum(total_revenue) AS revenue
    FROM {{ daily | identifier }}
    WHERE stats_date > (SELECT max(stats_date) FROM {{ daily | identifier }}) - %(days)s::integer
    GROUP BY stats_date
),

day AS (
    SELECT generate_series(min(stats_date), max(stats_date), interval '1 day')::date AS stats_date
    FROM recent
)

SELECT
    to_char(day.stats_date, 'YYYY-MM-DD') AS label,
    coalesce(r.revenue, 0) AS value
FROM day
LEFT JOIN recent AS r ON r.stats_date = day.stats_date
ORDER BY day.stats_date;
