-- What was found in the evaluated sessions (rollup_session), as the temporary table rollup_finding: one row for each
-- session in quarantine, one for each flag of the others.
-- Parameters: none. Locks nothing.
CREATE TEMPORARY TABLE rollup_finding ON COMMIT DROP AS
WITH stated AS (
    SELECT
        *,
        -- By how many seconds the stated duration differs from the time between start and end.
        CASE WHEN NOT open THEN 60::bigint * duration_minutes - lasted_us / 1000000.0::float8 END AS off_s
    FROM pg_temp.rollup_session
    WHERE is_evaluated
    OFFSET 0
),

odd AS (
    SELECT
        *,
        floor(off_s / 3600 + 0.5) AS hours_off
    FROM stated
    WHERE
        reason IS NOT NULL
        OR (energy_wh = 0 AND NOT open)
        OR lasted_us > 172800000000
        OR is_overlapping
        OR abs(off_s) > 120
        OR fees_differ
        OR ahead_at IS NOT NULL
    OFFSET 0
)

SELECT
    odd.session_id,
    odd.charger_id,
    odd.transaction_id,
    odd.start_time,
    CASE found.reason WHEN 'sample_in_future' THEN odd.ahead_at ELSE odd.end_time END AS end_time,
    CASE WHEN odd.reason IS NULL THEN 'flag' ELSE 'quarantine' END AS severity,
    found.reason,
    odd.energy_wh,
    0.01 * (base_charge + energy_charge + time_charge + parking_charge + adjustment) AS revenue
FROM odd
CROSS JOIN LATERAL (
    SELECT odd.reason WHERE odd.reason IS NOT NULL
    UNION ALL
    SELECT flag
    FROM (
        VALUES
            ('zero_energy', energy_wh = 0 AND NOT open),
            ('longer_than_48h', lasted_us > 172800000000),
            ('overlap', is_overlapping),
            ('zone_suspect', abs(off_s) > 120 AND hours_off <> 0 AND abs(off_s - 3600 * hours_off) <= 120),
            ('duration_differs', abs(off_s) > 120 AND (hours_off = 0 OR abs(off_s - 3600 * hours_off) > 120)),
            ('fees_differ', fees_differ),
            ('sample_in_future', ahead_at IS NOT NULL)
    ) AS listed (flag, applies)
    WHERE odd.reason IS NULL AND applies
) AS found;
