-- Reports each session of `event` (timeline.sql) in charger_usage_log, the dirty ones wrongly.
-- Parameters: bound: until.
-- Locks: writes to charger_usage_log.
WITH reported AS (
    SELECT
        e.*,
        c.charger_id,
        c.station_id,
        c.rated_power,
        c.base_fee,
        c.unit_price_kwh,
        c.unit_price_time,
        c.parking_fee,
        CASE e.dirt
            WHEN 'end_before_start' THEN e.end_at
            WHEN 'start_before_2000' THEN timestamp '1970-01-01' + make_interval(days => e.dirt_place::integer)
            WHEN 'start_in_future' THEN date_trunc('day', %(until)s::timestamp)
                + make_interval(years => 20, days => e.dirt_place::integer)
            WHEN 'overlap' THEN before.end_at - interval '10 minutes'
            ELSE e.start_at
        END AS start_time,
        CASE e.dirt
            WHEN 'power_above_rated' THEN round((3 * c.rated_power * e.stay_s / 3600)::numeric, 3)
            WHEN 'negative_energy' THEN -e.wh * 0.001
            ELSE e.wh * 0.001
        END::numeric(10, 3) AS energy
    FROM event AS e
    INNER JOIN charger_info AS c ON c.id = e.charger
    LEFT JOIN LATERAL (
        SELECT earlier.end_at
        FROM event AS earlier
        WHERE e.dirt = 'overlap' AND earlier.charger = e.charger AND earlier.start_at < e.start_at
        ORDER BY earlier.start_at DESC
        LIMIT 1
    ) AS before ON TRUE
    WHERE e.session IS NOT NULL
),

ended AS (
    SELECT
        *,
        CASE
            WHEN open THEN NULL
            WHEN dirt = 'end_before_start' THEN start_at
            WHEN dirt = 'energy_without_duration' THEN start_time
            WHEN dirt IN ('start_before_2000', 'start_in_future') THEN start_time + make_interval(secs => stay_s)
            ELSE end_at
        END AS end_time
    FROM reported
),

charged AS (
    SELECT
        *,
        extract(epoch FROM end_time - start_time)::double precision / 3600 AS hours,
        CASE WHEN NOT open THEN base_fee END AS base_charge,
        CASE WHEN NOT open THEN round(greatest(energy, 0) * unit_price_kwh, 2) END AS energy_charge,
        CASE WHEN NOT open THEN round(charge_s * unit_price_time / 60, 2) END AS time_charge,
        CASE WHEN NOT open THEN round((stay_s - charge_s) * parking_fee / 60, 2) END AS parking_charge,
        CASE
            WHEN open OR (end_at > %(until)s::timestamp - interval '10 minutes') THEN 'pending'
            WHEN pg_temp.chance(key, 'payment fails') < 0.015 THEN 'failed'
            WHEN pg_temp.chance(key, 'never paid') < 0.005 THEN 'pending'
            ELSE 'completed'
        END AS payment_status
    FROM ended
)

INSERT INTO charger_usage_log (
    id, charger_id, transaction_id, session_date, start_time, end_time, duration_minutes,
    energy_delivered, energy_meter_start, energy_meter_end, average_power, max_power, min_power,
    base_charge, energy_charge, time_charge, parking_charge, total_charge,
    payment_method, payment_status, payment_date, vehicle_type, user_id_hash,
    status, error_code, error_message, extra_data, created_at
)
SELECT
    session,
    CASE WHEN dirt IS DISTINCT FROM 'unknown_charger' THEN charger_id END,
    'TX' || to_char(start_at, 'YYYYMMDDHH24MISS') || '-' || lpad(session::text, 9, '0'),
    start_time::date,
    start_time,
    end_time,
    round(extract(epoch FROM end_time - start_time) / 60)::integer
    + CASE dirt WHEN 'duration_differs' THEN 37 WHEN 'zone_suspect' THEN 540 ELSE 0 END,
    CASE WHEN NOT open THEN energy END,
    register_wh * 0.001,
    CASE WHEN NOT open THEN (register_wh + wh) * 0.001 END,
    CASE WHEN hours > 0 THEN round((energy / hours::numeric), 2) END,
    CASE WHEN NOT open THEN round(least(1.3 * wh * 3.6 / charge_s, rated_power)::numeric, 2) END,
    CASE WHEN NOT open THEN round(0.7 * wh * 3.6 / charge_s, 2) END,
    base_charge,
    energy_charge,
    time_charge,
    parking_charge,
    base_charge + energy_charge + time_charge + parking_charge
    + CASE WHEN dirt = 'fees_differ' THEN 500 ELSE 0 END,
    pg_temp.pick(ARRAY['신용카드', '신용카드', '회원카드', '카카오페이', '삼성페이', '티머니'], key, 'payment method'),
    payment_status,
    CASE
        WHEN payment_status = 'completed' THEN end_at + make_interval(secs => pg_temp.roll(5, 590, key, 'paid after'))
    END,
    pg_temp.pick(
        ARRAY['현대 아이오닉 5', '현대 코나 일렉트릭', '기아 EV6', '기아 니로 EV', '테슬라 모델 3', '쉐보레 볼트 EV', NULL],
        key, 'vehicle'
    ),
    encode(sha256(convert_to('user ' || pg_temp.roll(1, 20000, key, 'user'), 'UTF8')), 'hex'),
    CASE WHEN open THEN 'charging' WHEN failed THEN 'error' ELSE 'completed' END,
    CASE WHEN failed THEN pg_temp.pick(ARRAY['E-101', 'E-204', 'E-307', 'E-512'], key, 'error') END,
    CASE
        WHEN failed
            THEN pg_temp.pick(
                ARRAY[
                    '비상정지 버튼이 눌렸습니다.',
                    E'차량과의 통신이 끊어졌습니다.\n케이블을 확인하고 다시 시도해 주세요.',
                    E'누설전류 감지: 30\u202fmA 초과\t(차단기 동작)',
                    E'경로 C:\\charger\\log\\오류.txt 를 확인하세요 ⚡'
                ], key, 'error'
            )
    END,
    CASE
        WHEN pg_temp.chance(key, 'extra') < 0.9
            THEN jsonb_build_object(
                'app_version', pg_temp.pick(ARRAY['4.2.0', '4.3.1', '5.0.0'], key, 'app'),
                'soc_start', pg_temp.roll(5, 60, key, 'soc'),
                'soc_end', CASE WHEN NOT open THEN pg_temp.roll(61, 100, key, 'soc end') END,
                'charging_ended_at', CASE WHEN NOT open THEN start_at + make_interval(secs => charge_s) END,
                '결제', jsonb_build_object(
                    '승인번호', lpad(pg_temp.roll(0, 99999999, key, 'approval')::text, 8, '0'),
                    '포인트', pg_temp.roll(0, 300, key, 'points')
                ),
                'tags', CASE
                    WHEN pg_temp.chance(key, 'visitor') < 0.3 THEN '["렌터카", "관광"]'::jsonb
                    ELSE '[]'::jsonb
                END
            )
    END,
    start_at + make_interval(secs => pg_temp.roll(0, 4, key, 'written after'))
FROM charged
ORDER BY session;

SELECT setval('charger_usage_log_id_seq', max(id)) FROM charger_usage_log;
