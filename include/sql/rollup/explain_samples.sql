-- The samples that a bucket came from: those of its hour, the one before whose status reached into it, and those in the
-- time of its sessions. Register in kWh, power in kW.
-- Parameters: samples (table), whole (false). Bound: source_timezone, max_status_gap. Locks ACCESS SHARE on the table;
-- reads rollup_span and rollup_session.
SELECT
    sample_id,
    at,
    charger_status,
    0.001 * register_wh AS register,
    input_power
FROM (
    {% include 'rollup/_samples.sql' %}
) AS sample
ORDER BY at, sample_id;
