-- Puts what was found (rollup_finding) in place of what earlier runs had found in the same sessions, or in sessions
-- that started in the same time and are gone. Findings that stay keep the moment they were found; those of frozen time
-- (rollup_frozen) stay.
-- Parameters: whole (every session, or those of rollup_span). Bound: source_timezone. Locks the rows that it writes.
WITH earlier AS (
    SELECT old.session_id, old.reason
    FROM pgpipelines.session_finding AS old
    WHERE
        NOT EXISTS (
            SELECT FROM pg_temp.rollup_frozen AS f WHERE old.start_time >= f.from_time AND old.start_time < f.until_time
        )
        {% if not whole %}
        AND (
            old.session_id IN (SELECT session_id FROM pg_temp.rollup_session WHERE is_evaluated)
            OR EXISTS (
                SELECT
                FROM pg_temp.rollup_span AS s
                WHERE
                    s.charger_id = old.charger_id
                    AND old.start_time >= s.from_time
                    AND old.start_time <= s.until_time
                    -- What was evaluated is decided by the span's hours; its times may reach beyond them.
                    AND old.start_time AT TIME ZONE %(source_timezone)s >= s.from_hour
                    AND (old.start_time AT TIME ZONE %(source_timezone)s < s.until_hour OR s.until_hour = 'infinity')
            )
        )
        {% endif %}
),

deleted AS (
    DELETE FROM pgpipelines.session_finding AS old
    USING earlier AS e
    WHERE
        old.session_id = e.session_id
        AND old.reason = e.reason
        AND NOT EXISTS (
            SELECT FROM pg_temp.rollup_finding AS new WHERE new.session_id = e.session_id AND new.reason = e.reason
        )
)

INSERT INTO pgpipelines.session_finding AS old (
    session_id, charger_id, transaction_id, start_time, end_time, severity, reason, energy_wh, revenue
)
SELECT session_id, charger_id, transaction_id, start_time, end_time, severity, reason, energy_wh, revenue
FROM pg_temp.rollup_finding
ON CONFLICT (session_id, reason) DO UPDATE
SET (charger_id, transaction_id, start_time, end_time, severity, energy_wh, revenue)
= ROW(
    excluded.charger_id, excluded.transaction_id, excluded.start_time, excluded.end_time, excluded.severity,
    excluded.energy_wh, excluded.revenue
)
WHERE
    ROW(
        old.charger_id, old.transaction_id, old.start_time, old.end_time, old.severity, old.energy_wh, old.revenue
    ) IS DISTINCT FROM ROW(
        excluded.charger_id, excluded.transaction_id, excluded.start_time, excluded.end_time, excluded.severity,
        excluded.energy_wh, excluded.revenue
    );
