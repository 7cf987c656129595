-- Puts the computed days (rollup_daily) in place: writes those that differ, deletes those that have no hours any more,
-- and notes the days of stations that this changes.
-- Parameters: daily, chargers (tables), columns (names of all but the key), whole (every day, or those in rollup_day).
-- Locks the rows that it writes.
WITH deleted AS (
    DELETE FROM {{ daily | identifier }} AS old
    {% if not whole %}
    USING pg_temp.rollup_day AS dirty
    {% endif %}
    WHERE
        {% if not whole %}
        old.charger_id = dirty.charger_id
        AND old.stats_date = dirty.stats_date
        AND
        {% endif %}
        NOT EXISTS (
            SELECT
            FROM pg_temp.rollup_daily AS new
            WHERE new.charger_id = old.charger_id AND new.stats_date = old.stats_date
        )
    RETURNING old.charger_id, old.stats_date
),

{% with statistics = daily, computed = "rollup_daily", key = ["charger_id", "stats_date"], returned = ["charger_id", "stats_date"] %}
{% include 'rollup/_written.sql' %}
{% endwith %},

noted AS (
    INSERT INTO pgpipelines.dirty_station_day (station_id, stats_date)
    SELECT DISTINCT c.station_id, changed.stats_date
    FROM (SELECT * FROM deleted UNION ALL SELECT * FROM written) AS changed
    INNER JOIN {{ chargers | identifier }} AS c ON c.charger_id = changed.charger_id
    WHERE c.station_id IS NOT NULL
)

SELECT
    (SELECT count(*) FROM written) AS written,
    (SELECT count(*) FROM deleted) AS deleted;
