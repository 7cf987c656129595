{# One row of charger_usage_log in the units of the statistics: instants, whole Wh, 0.01 KRW. Part of other #}
{# templates, which add FROM … AS s. Bound: source_timezone. #}
{# `ends` is null while the session is open. Amounts that are no number are taken as not given. #}
SELECT
    s.id AS session_id,
    coalesce(s.charger_id, '') AS charger_id,
    s.transaction_id,
    s.start_time,
    s.end_time,
    s.start_time AT TIME ZONE %(source_timezone)s AS starts,
    CASE WHEN s.end_time < 'infinity' THEN s.end_time AT TIME ZONE %(source_timezone)s END AS ends,
    s.duration_minutes,
    (1000 * nullif(s.energy_delivered, 'NaN'))::bigint AS energy_wh,
    (1000 * nullif(s.energy_meter_start, 'NaN'))::bigint AS meter_start_wh,
    (1000 * nullif(s.energy_meter_end, 'NaN'))::bigint AS meter_end_wh,
    (100 * nullif(s.base_charge, 'NaN'))::bigint AS base_charge,
    (100 * nullif(s.energy_charge, 'NaN'))::bigint AS energy_charge,
    (100 * nullif(s.time_charge, 'NaN'))::bigint AS time_charge,
    (100 * nullif(s.parking_charge, 'NaN'))::bigint AS parking_charge,
    (100 * nullif(s.total_charge, 'NaN'))::bigint AS total_charge,
    s.max_power,
    s.payment_status,
    s.created_at
