{# One row of power_consumption in the units of the statistics; part of samples.sql, which leaves out those of no #}
{# moment (infinity). Bound: source_timezone. #}
SELECT
    p.id AS sample_id,
    p.charger_id::text AS charger_id,
    p.measurement_time AT TIME ZONE %(source_timezone)s AS at,
    (1000 * nullif(p.cumulative_energy, 'NaN'))::bigint AS register_wh,
    nullif(p.input_power, 'NaN') AS input_power,
    p.charger_status
FROM {{ samples | identifier }} AS p
