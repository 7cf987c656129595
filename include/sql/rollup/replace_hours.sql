-- Puts the computed buckets (rollup_hour) in place: writes those that differ, deletes those that nothing falls into any
-- more, and notes the days that this changes.
-- Parameters: hourly (table), columns (names of all but the key), whole (every bucket, or those in rollup_span).
-- Locks the rows that it writes.
WITH deleted AS (
    DELETE FROM {{ hourly | identifier }} AS old
    {% if not whole %}
    USING pg_temp.rollup_span AS s
    {% endif %}
    WHERE
        {% if not whole %}
        old.charger_id = s.charger_id
        AND old.stats_hour >= s.from_hour AT TIME ZONE 'UTC'
        AND old.stats_hour < s.until_hour AT TIME ZONE 'UTC'
        AND
        {% endif %}
        NOT EXISTS (
            SELECT
            FROM pg_temp.rollup_hour AS new
            WHERE new.charger_id = old.charger_id AND new.stats_hour = old.stats_hour
        )
    RETURNING old.charger_id, old.stats_date
),

{% with statistics = hourly, computed = "rollup_hour", key = ["charger_id", "stats_hour"], returned = ["charger_id", "stats_date"] %}
{% include 'rollup/_written.sql' %}
{% endwith %},

noted AS (
    INSERT INTO pgpipelines.dirty_day (charger_id, stats_date)
    SELECT charger_id, stats_date FROM deleted
    UNION
    SELECT charger_id, stats_date FROM written
)

SELECT
    (SELECT count(*) FROM written) AS written,
    (SELECT count(*) FROM deleted) AS deleted;
