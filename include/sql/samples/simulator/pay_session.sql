-- A finished session is paid; one card in fifty is refused.
-- Parameters: none.
-- Locks: one row of charger_usage_log; skips sessions that are being changed.
WITH due AS (
    SELECT id
    FROM charger_usage_log
    WHERE payment_status = 'pending' AND end_time IS NOT NULL
    ORDER BY random()
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)

UPDATE charger_usage_log AS u
SET
    payment_status = card.answer,
    payment_date = CASE WHEN card.answer = 'completed' THEN date_trunc('second', now() AT TIME ZONE 'UTC') END
FROM due
CROSS JOIN (SELECT CASE WHEN random() < 0.98 THEN 'completed' ELSE 'failed' END AS answer) AS card
WHERE u.id = due.id;
