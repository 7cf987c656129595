-- Puts the computed days of stations (rollup_station) in place: writes those that differ, deletes those of which no
-- charger has a day any more. Parameters: station (table), columns (names of all but the key).
-- Locks the rows that it writes.
WITH deleted AS (
    DELETE FROM {{ station | identifier }} AS old
    USING pg_temp.rollup_station_day AS dirty
    WHERE
        old.station_id = dirty.station_id
        AND old.stats_date = dirty.stats_date
        AND NOT EXISTS (
            SELECT
            FROM pg_temp.rollup_station AS new
            WHERE new.station_id = old.station_id AND new.stats_date = old.stats_date
        )
    RETURNING 1
),

{% with statistics = station, computed = "rollup_station", key = ["station_id", "stats_date"] %}
{% with returned = key %}
{% include 'rollup/_written.sql' %}
{% endwith %}
{% endwith %}

SELECT
    (SELECT count(*) FROM written) AS written,
    (SELECT count(*) FROM deleted) AS deleted;
