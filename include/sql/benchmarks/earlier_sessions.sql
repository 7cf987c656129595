-- Adds the sessions of earlier years, each like one that is there: sessions are kept longer than samples of meters.
-- Parameters: bound: sessions (how many there are, numbered from 0 on), periods (how many times that many to add).
-- Locks: writes to charger_usage_log.
INSERT INTO charger_usage_log (
    id, charger_id, transaction_id, session_date, start_time, end_time, duration_minutes,
    energy_delivered, energy_meter_start, energy_meter_end, average_power, max_power, min_power,
    base_charge, energy_charge, time_charge, parking_charge, total_charge,
    payment_method, payment_status, payment_date, vehicle_type, user_id_hash, status, extra_data, created_at
)
SELECT
    number,
    charger_id,
    'TX-' || number,
    session_date - period * 365,
    start_time - period * interval '365 days',
    end_time - period * interval '365 days',
    duration_minutes,
    energy_delivered,
    energy_meter_start,
    energy_meter_end,
    average_power,
    max_power,
    min_power,
    base_charge,
    energy_charge,
    time_charge,
    parking_charge,
    total_charge,
    payment_method,
    payment_status,
    payment_date - period * interval '365 days',
    vehicle_type,
    md5(number::text),
    status,
    CASE WHEN number %% 10 = 0 THEN jsonb_build_object('soc', number %% 100, '메모', '정상') END,
    created_at - period * interval '365 days'
FROM charger_usage_log
CROSS JOIN generate_series(%(periods)s, 1, -1) AS period
CROSS JOIN LATERAL (SELECT id + period * %(sessions)s::bigint AS number) AS numbered
ORDER BY period DESC, id;
