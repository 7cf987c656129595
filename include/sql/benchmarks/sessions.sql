-- Adds sessions to a table that has the columns of charger_usage_log, the same ones each time. `scattered` ones begin
-- at any time, the others one after the other. `timed` tables tell when a row changed, here one a second.
-- Parameters: table, scattered, timed; bound: first, last (numbers of the sessions), salt (which times are chosen).
-- Locks: writes to the table.
INSERT INTO {{ table | identifier }} (
    id, charger_id, transaction_id, session_date, start_time, end_time, duration_minutes,
    energy_delivered, energy_meter_start, energy_meter_end, average_power, max_power, min_power,
    base_charge, energy_charge, time_charge, parking_charge, total_charge,
    payment_method, payment_status, payment_date, vehicle_type, user_id_hash, status, extra_data, created_at
    {% if timed %}, changed_at{% endif %}

)
SELECT
    number,
    'CHG-' || slot %% 500,
    'TX-' || number,
    (timestamp '2026-01-01' + slot * interval '2 s')::date,
    timestamp '2026-01-01' + slot * interval '2 s',
    timestamp '2026-01-01 02:00' + slot * interval '2 s',
    120,
    number %% 50000 / 1000.0,
    number / 100.0,
    number / 100.0 + 3,
    7.1 + number %% 7,
    11.5,
    3.2,
    500,
    number %% 9999 / 3.0,
    12,
    0,
    number %% 9999 / 3.0 + 512,
    '신용카드',
    'completed',
    timestamp '2026-01-01 02:00' + slot * interval '2 s',
    '현대 아이오닉 5',
    md5(number::text),
    'completed',
    CASE WHEN number %% 10 = 0 THEN jsonb_build_object('soc', number %% 100, '메모', '정상') END,
    timestamp '2026-01-01' + slot * interval '2 s'
    {% if timed %}, now() - (%(last)s - number) * interval '1 s'{% endif %}

FROM (
    SELECT
        number,
        {% if scattered %}
        abs(hashint8extended(number, %(salt)s) %% %(first)s) AS slot
        {% else %}
        number AS slot
        {% endif %}
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number
) AS sessions;
