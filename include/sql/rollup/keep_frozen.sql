-- Lets the computed buckets (rollup_hour) of frozen time (rollup_frozen) be those that stand: none is replaced there.
-- EXISTS alone decides, once, whether anything is read at all.
-- Parameters: hourly (table), columns (names of all), whole (every bucket, or those in rollup_span).
-- Locks ACCESS SHARE on the hours.
DELETE FROM pg_temp.rollup_hour
WHERE
    EXISTS (SELECT FROM pg_temp.rollup_frozen)
    AND stats_hour >= (SELECT from_hour FROM pg_temp.rollup_frozen)
    AND stats_hour < (SELECT until_hour FROM pg_temp.rollup_frozen);

INSERT INTO pg_temp.rollup_hour ({{ columns | identifiers }})
SELECT {{ columns | identifiers("old") }}
FROM {{ hourly | identifier }} AS old
{% if not whole %}
INNER JOIN pg_temp.rollup_span AS s
    ON
        s.charger_id = old.charger_id
        AND old.stats_hour >= s.from_hour AT TIME ZONE 'UTC'
        AND old.stats_hour < s.until_hour AT TIME ZONE 'UTC'
{% endif %}
WHERE
    EXISTS (SELECT FROM pg_temp.rollup_frozen)
    AND old.stats_hour >= (SELECT from_hour FROM pg_temp.rollup_frozen)
    AND old.stats_hour < (SELECT until_hour FROM pg_temp.rollup_frozen);
