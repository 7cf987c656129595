-- Leaves only whole buckets in rollup_hour: those in rollup_span. Sessions that reach out of it were evaluated whole.
-- Parameters: none. Locks nothing.
DELETE FROM pg_temp.rollup_hour AS h
WHERE
    NOT EXISTS (
        SELECT
        FROM pg_temp.rollup_span AS s
        WHERE
            s.charger_id = h.charger_id
            AND h.stats_hour >= s.from_hour AT TIME ZONE 'UTC'
            AND h.stats_hour < s.until_hour AT TIME ZONE 'UTC'
    );
