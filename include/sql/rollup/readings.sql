-- Puts what the meter said in the time of each evaluated valid session, both ends included, into the temporary table
-- rollup_reading, as arrays like those of rollup_sample, from which they are cut. Parameters: none. Locks nothing.
CREATE TEMPORARY TABLE rollup_reading ON COMMIT DROP AS
WITH stay AS (
    SELECT
        s.session_id,
        c.number,
        s.starts,
        s.ends,
        generate_series(date_bin('7 days', s.starts, '2000-01-01'), s.ends, interval '7 days') AS period
    FROM pg_temp.rollup_session AS s
    INNER JOIN pg_temp.rollup_charger AS c ON c.charger_id = s.charger_id
    WHERE s.reason IS NULL AND s.is_evaluated
),

-- Of each array the whole: it is fetched once, and not for each session.
sampled AS (
    SELECT
        number,
        period,
        hour_origin,
        ats[:] AS ats,
        registers_wh[:] AS registers_wh,
        powers[:] AS powers
    FROM pg_temp.rollup_sample
    INNER JOIN pg_temp.rollup_period USING (period)
    OFFSET 0
)

SELECT
    s.session_id,
    s.number,
    s.starts,
    p.hour_origin,
    p.ats[first_one:last_one] AS ats,
    p.registers_wh[first_one:last_one] AS registers_wh,
    p.powers[first_one:last_one] AS powers
FROM sampled AS p
INNER JOIN stay AS s ON s.number = p.number AND s.period = p.period
CROSS JOIN LATERAL (
    SELECT
        width_bucket(s.starts - interval '1 microsecond', p.ats) + 1 AS first_one,
        width_bucket(s.ends, p.ats) AS last_one
) AS place
WHERE first_one <= last_one;

ANALYZE pg_temp.rollup_reading (session_id, number);
