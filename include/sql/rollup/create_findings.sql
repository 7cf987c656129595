-- Makes the temporary table rollup_finding, empty, for streamed findings. Parameters: none. Locks nothing.
CREATE TEMPORARY TABLE rollup_finding ON COMMIT DROP AS
SELECT session_id, charger_id, transaction_id, start_time, end_time, severity, reason, energy_wh, revenue
FROM pgpipelines.session_finding
WITH NO DATA;
