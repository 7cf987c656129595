-- The samples that a bucket came from: those of its hour, the one before whose status reached into it, and those in the
-- time of its sessions. Register in kWh, power in kW.
-- Parameters: none. Locks nothing: reads rollup_sample.
SELECT
    sample_id,
    at,
    charger_status,
    0.001 * register_wh AS register,
    input_power
FROM pg_temp.rollup_sample
ORDER BY at, sample_id;
