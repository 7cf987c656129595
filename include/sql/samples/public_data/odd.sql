-- Counts the staged lines, and those that are odd in each way: they are loaded as they are.
-- Parameters: none. Locks the temporary table only.
WITH numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY file, identity ORDER BY line) AS repetition,
        extract(EPOCH FROM end_time - start_time) / 60 AS minutes
    FROM pg_temp.public_data
)

SELECT
    count(*) AS lines,
    count(*) FILTER (WHERE repetition > 1) AS repeated_in_their_file,
    count(*) FILTER (WHERE end_time IS NULL) AS without_end,
    count(*) FILTER (WHERE end_time < start_time) AS end_before_start,
    count(*) FILTER (WHERE minutes > 48 * 60) AS longer_than_48_hours,
    count(*) FILTER (WHERE abs(duration_minutes - minutes) > 2) AS stated_duration_differs,
    count(*) FILTER (WHERE energy_delivered IS NULL) AS without_energy,
    count(*) FILTER (WHERE energy_delivered = 0) AS zero_energy,
    count(*) FILTER (WHERE energy_delivered < 0) AS negative_energy,
    count(*) FILTER (WHERE charger_id IS NULL) AS without_charger,
    count(*) FILTER (WHERE user_id_hash IS NULL) AS without_user,
    count(*) FILTER (WHERE clock = 'ambiguous') AS at_an_hour_that_comes_twice,
    count(*) FILTER (WHERE clock = 'missing') AS at_an_hour_that_is_skipped
FROM numbered;
