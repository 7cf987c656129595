-- The shape of each session that its meter tells, as the temporary table rollup_shape: knots, which are moments
-- (microseconds since the start) and the register (Wh) at each. Between knots energy flows evenly.
-- A meter tells the shape where it was read at the start, in between and, of a closed session, at the end; never fell,
-- but rose, by a million kWh at most; was silent for no longer than two sample periods; and served nobody else.
-- Parameters: none. Bound: sample_period. Locks nothing.
CREATE TEMPORARY TABLE rollup_shape ON COMMIT DROP AS
WITH metered AS (
    SELECT
        s.session_id,
        s.starts,
        s.starts || r.ats || s.ends AS ats,
        s.meter_start_wh || r.registers_wh || CASE WHEN NOT s.open THEN s.meter_end_wh END AS registers_wh
    FROM pg_temp.rollup_session AS s
    INNER JOIN pg_temp.rollup_reading AS r ON r.session_id = s.session_id
    WHERE
        NOT s.is_overlapping
        AND NOT s.is_overlapped
        AND s.meter_start_wh IS NOT NULL
        AND (s.open OR s.meter_end_wh IS NOT NULL)
        AND array_remove(r.registers_wh, NULL) <> '{}'
    ORDER BY s.session_id
    OFFSET 0
),

reading AS (
    SELECT
        session_id,
        (1000000 * date_part('epoch', at - starts))::bigint AS at_us,
        register_wh
    FROM (
        SELECT session_id, starts, unnest(ats) AS at, unnest(registers_wh) AS register_wh
        FROM metered
        ORDER BY session_id
        OFFSET 0
    ) AS read
    WHERE register_wh IS NOT NULL
    ORDER BY session_id, at_us, register_wh DESC
    OFFSET 0
),

-- Of several readings of one moment, the greatest.
knot AS (
    SELECT DISTINCT ON (session_id, at_us) *
    FROM reading
    ORDER BY session_id, at_us, register_wh DESC
),

shape AS (
    SELECT
        session_id,
        array_agg(at_us) AS knots_us,
        array_agg(register_wh) AS registers_wh
    FROM knot
    GROUP BY session_id
)

SELECT
    session_id,
    knots_us,
    registers_wh,
    -- Charging ended when the register had its last value for the first time.
    knots_us[array_position(registers_wh, registers_wh[cardinality(registers_wh)])] AS charged_us
FROM shape
WHERE
    registers_wh[cardinality(registers_wh)] - registers_wh[1] BETWEEN 1 AND 1000000000
    AND NOT EXISTS (
        SELECT
        FROM (
            SELECT
                unnest(knots_us) AS at_us,
                unnest(knots_us[2:]) AS next_us,
                unnest(registers_wh) AS register_wh,
                unnest(registers_wh[2:]) AS next_register_wh
        ) AS step
        WHERE
            next_register_wh < register_wh
            OR next_us - at_us > 2 * (1000000 * extract(epoch FROM %(sample_period)s::interval))::bigint
    );

ANALYZE pg_temp.rollup_shape (session_id);
