-- The sessions that a bucket came from, and what it got of each: a person can add up the parts. Energy in kWh, money in
-- KRW, time in minutes and seconds; `whole_energy` and `whole_revenue` are the session's own.
-- Parameters: bound: hour. Locks nothing: reads rollup_charger, rollup_session and rollup_shape.
WITH
{% include 'rollup/_slices.sql' %}


SELECT
    p.session_id,
    s.transaction_id,
    s.starts,
    s.ends,
    p.open,
    CASE WHEN p.is_metered THEN 'by meter' ELSE 'by time' END AS method,
    0.001 * s.energy_wh AS whole_energy,
    0.001 * p.energy_wh AS energy,
    0.01 * (s.base_charge + s.energy_charge + s.time_charge + s.parking_charge + s.adjustment) AS whole_revenue,
    0.01 * p.base_charge AS base_charge,
    0.01 * p.energy_charge AS energy_charge,
    0.01 * p.time_charge AS time_charge,
    0.01 * p.parking_charge AS parking_charge,
    0.01 * p.adjustment AS adjustment,
    p.payment,
    p.minutes::integer AS minutes,
    p.occupied_s AS occupied_seconds,
    p.charging_s AS charging_seconds
FROM part AS p
INNER JOIN pg_temp.rollup_session AS s ON s.session_id = p.session_id
WHERE p.stats_hour = %(hour)s::timestamptz
ORDER BY s.starts, p.session_id;
