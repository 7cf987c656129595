-- Takes the dirty days of stations that this transaction sees into the temporary table rollup_station_day; a station
-- all of whose days are dirty adds those that it has, and those of its chargers.
-- Parameters: daily, station, chargers (tables). Locks the rows that it takes; others go on adding.
CREATE TEMPORARY TABLE rollup_station_day (station_id text NOT NULL, stats_date date NOT NULL) ON COMMIT DROP;

WITH taken AS (
    DELETE FROM pgpipelines.dirty_station_day RETURNING station_id, stats_date
),

every_day AS (
    SELECT DISTINCT station_id FROM taken WHERE stats_date IS NULL
),

-- EXISTS alone decides, once, whether anything is read at all.
possible AS (
    SELECT s.station_id, s.stats_date
    FROM {{ station | identifier }} AS s
    WHERE
        EXISTS (SELECT FROM every_day)
        AND EXISTS (SELECT FROM every_day AS e WHERE e.station_id IS NULL OR e.station_id = s.station_id)
    UNION
    SELECT c.station_id, d.stats_date
    FROM {{ chargers | identifier }} AS c
    INNER JOIN {{ daily | identifier }} AS d ON d.charger_id = c.charger_id
    WHERE
        EXISTS (SELECT FROM every_day)
        AND c.station_id IS NOT NULL
        AND EXISTS (SELECT FROM every_day AS e WHERE e.station_id IS NULL OR e.station_id = c.station_id)
)

INSERT INTO pg_temp.rollup_station_day
SELECT station_id, stats_date FROM taken WHERE station_id IS NOT NULL AND stats_date IS NOT NULL
UNION
SELECT station_id, stats_date FROM possible;

ANALYZE pg_temp.rollup_station_day;

SELECT count(*) AS days FROM pg_temp.rollup_station_day;
