-- A vehicle plugs in at a free charger, where there is one: an open session, and a charger in use.
-- Parameters: none.
-- Locks: one row of charger_info; skips chargers that are being changed.
WITH free AS (
    SELECT c.charger_id, c.rated_power
    FROM charger_info AS c
    WHERE
        c.current_status = 'AVAILABLE'
        AND NOT EXISTS (
            SELECT FROM charger_usage_log AS u
            WHERE u.charger_id = c.charger_id AND u.payment_status = 'pending' AND u.end_time IS NULL
        )
    ORDER BY random()
    LIMIT 1
    FOR UPDATE OF c SKIP LOCKED
),

opened AS (
    INSERT INTO charger_usage_log (
        charger_id, transaction_id, session_date, start_time, energy_meter_start,
        payment_method, payment_status, vehicle_type, user_id_hash, status, extra_data
    )
    SELECT
        f.charger_id,
        'TX' || to_char(clock.utc, 'YYYYMMDDHH24MISS') || '-' || replace(gen_random_uuid()::text, '-', ''),
        clock.utc::date,
        clock.utc,
        coalesce(meter.reading, 0),
        (ARRAY['신용카드', '회원카드', '카카오페이'])[1 + floor(random() * 3)],
        'pending',
        (ARRAY['현대 아이오닉 5', '기아 EV6', '테슬라 모델 3'])[1 + floor(random() * 3)],
        encode(sha256(convert_to('user ' || floor(random() * 20000), 'UTF8')), 'hex'),
        'charging',
        jsonb_build_object('app_version', '5.0.0', 'soc_start', 5 + floor(random() * 50), '메모', '실시간 세션')
    FROM free AS f
    CROSS JOIN (SELECT date_trunc('second', now() AT TIME ZONE 'UTC') AS utc) AS clock
    LEFT JOIN LATERAL (
        SELECT p.cumulative_energy AS reading
        FROM power_consumption AS p
        WHERE p.charger_id = f.charger_id
        ORDER BY p.measurement_time DESC, p.id DESC
        LIMIT 1
    ) AS meter ON TRUE
    RETURNING charger_id, start_time
)

UPDATE charger_info AS c
SET current_status = 'IN_USE', last_status_update = o.start_time, updated_at = o.start_time
FROM opened AS o
WHERE c.charger_id = o.charger_id;
