{# Sessions with their reason, if any, their end, and what they are worth. Part of other templates. #}
{# Parameters: sessions (a relation with rows of _session.sql), log, chargers (tables), repeatable. #}
{# Bound: as _reason.sql. An open session lasts until rollup_open says, and has what its meter has counted until #}
{# then, unless the log says what it has. #}
SELECT
    r.session_id,
    r.charger_id,
    r.transaction_id,
    r.start_time,
    r.end_time,
    r.starts,
    coalesce(r.ends, o.ends, r.starts) AS ends,
    CASE WHEN r.ends IS NULL THEN coalesce(o.until_time, r.start_time) ELSE greatest(r.start_time, r.end_time) END
    AS until_time,
    o.may_last_until,
    o.ahead_at,
    r.ends IS NULL AS open,
    {% with row = "r", charger = "c" %}{% include 'rollup/_reason.sql' %}{% endwith %} AS reason,
    coalesce(r.energy_wh, greatest(0, o.register_wh - r.meter_start_wh), 0) AS energy_wh,
    r.meter_start_wh,
    r.meter_end_wh,
    coalesce(r.base_charge, 0) AS base_charge,
    coalesce(r.energy_charge, 0) AS energy_charge,
    coalesce(r.time_charge, 0) AS time_charge,
    coalesce(r.parking_charge, 0) AS parking_charge,
    coalesce(
        r.total_charge
        - coalesce(r.base_charge, 0) - coalesce(r.energy_charge, 0)
        - coalesce(r.time_charge, 0) - coalesce(r.parking_charge, 0),
        0
    ) AS adjustment,
    r.total_charge <> r.base_charge + r.energy_charge + r.time_charge + r.parking_charge AS fees_differ,
    r.max_power,
    CASE WHEN r.payment_status IN ('completed', 'failed') THEN r.payment_status ELSE 'pending' END AS payment,
    r.duration_minutes
FROM {{ sessions | identifier }} AS r
LEFT JOIN {{ chargers | identifier }} AS c ON c.charger_id = r.charger_id
LEFT JOIN pg_temp.rollup_open AS o ON o.session_id = r.session_id
