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

differing AS (
    SELECT new.*
    FROM pg_temp.rollup_hour AS new
    LEFT JOIN {{ hourly | identifier }} AS old ON old.charger_id = new.charger_id AND old.stats_hour = new.stats_hour
    WHERE
        old.charger_id IS NULL
        OR ROW({{ columns | identifiers("old") }}) IS DISTINCT FROM ROW({{ columns | identifiers("new") }})
),

written AS (
    INSERT INTO {{ hourly | identifier }} (charger_id, stats_hour, {{ columns | identifiers }})
    SELECT charger_id, stats_hour, {{ columns | identifiers }}
    FROM differing
    ON CONFLICT (charger_id, stats_hour) DO UPDATE
    SET ({{ columns | identifiers }}) = ROW({{ columns | identifiers("excluded") }})
    RETURNING charger_id, stats_date
),

noted AS (
    INSERT INTO pgpipelines.dirty_day (charger_id, stats_date)
    SELECT charger_id, stats_date FROM deleted
    UNION
    SELECT charger_id, stats_date FROM written
)

SELECT
    (SELECT count(*) FROM written) AS written,
    (SELECT count(*) FROM deleted) AS deleted;
