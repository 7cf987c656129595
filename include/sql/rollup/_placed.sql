{# Sessions with their reason, if any, and their end: an open session lasts, provisionally, until the last sample #}
{# before the charger's next valid session. Part of other templates. #}
{# Parameters: sessions (a relation with rows of _session.sql), log, samples, chargers (tables), repeatable. #}
{# Bound: as _session.sql and _reason.sql. #}
SELECT
    r.session_id,
    r.charger_id,
    r.transaction_id,
    r.start_time,
    r.end_time,
    r.starts,
    CASE WHEN r.ends IS NOT NULL THEN r.ends ELSE coalesce(last_sample.at, r.starts) END AS ends,
    CASE
        WHEN r.ends IS NOT NULL THEN greatest(r.start_time, r.end_time)
        ELSE coalesce(last_sample.measurement_time, r.start_time)
    END AS until_time,
    coalesce(next_session.start_time, 'infinity') AS may_last_until,
    r.ends IS NULL AS open,
    {% with row = "r", charger = "c" %}{% include 'rollup/_reason.sql' %}{% endwith %} AS reason,
    coalesce(r.energy_wh, greatest(0, last_sample.register_wh - r.meter_start_wh), 0) AS energy_wh,
    r.energy_wh AS given_energy_wh,
    r.meter_start_wh,
    r.meter_end_wh,
    coalesce(r.base_charge, 0) AS base_charge,
    coalesce(r.energy_charge, 0) AS energy_charge,
    coalesce(r.time_charge, 0) AS time_charge,
    coalesce(r.parking_charge, 0) AS parking_charge,
    r.total_charge
    - (r.base_charge + r.energy_charge + r.time_charge + r.parking_charge) AS given_difference,
    coalesce(
        r.total_charge
        - coalesce(r.base_charge, 0) - coalesce(r.energy_charge, 0)
        - coalesce(r.time_charge, 0) - coalesce(r.parking_charge, 0),
        0
    ) AS adjustment,
    r.max_power,
    CASE WHEN r.payment_status IN ('completed', 'failed') THEN r.payment_status ELSE 'pending' END AS payment,
    r.duration_minutes
FROM {{ sessions | identifier }} AS r
LEFT JOIN {{ chargers | identifier }} AS c ON c.charger_id = r.charger_id
LEFT JOIN LATERAL (
    SELECT n.start_time
    FROM (
        {% include 'rollup/_session.sql' %}
        FROM {{ log | identifier }} AS s
        WHERE s.charger_id = r.charger_id AND s.start_time >= r.start_time
    ) AS n
    WHERE
        (n.start_time > r.start_time OR n.session_id > r.session_id)
        AND {% with row = "n", charger = "c" %}{% include 'rollup/_reason.sql' %}{% endwith %} IS NULL
    ORDER BY n.start_time, n.session_id
    LIMIT 1
) AS next_session ON r.ends IS NULL
LEFT JOIN LATERAL (
    SELECT
        p.measurement_time,
        p.measurement_time AT TIME ZONE %(source_timezone)s AS at,
        (1000 * nullif(p.cumulative_energy, 'NaN'))::bigint AS register_wh
    FROM {{ samples | identifier }} AS p
    WHERE
        p.charger_id = r.charger_id
        AND p.measurement_time >= r.start_time
        AND (next_session.start_time IS NULL OR p.measurement_time < next_session.start_time)
    ORDER BY p.measurement_time DESC, p.cumulative_energy DESC NULLS LAST
    LIMIT 1
) AS last_sample ON r.ends IS NULL
