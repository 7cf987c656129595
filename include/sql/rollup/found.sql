-- How many of the evaluated sessions have which finding, and their energy (Wh, whatever its sign) and revenue (KRW).
-- Parameters: none. Locks nothing.
SELECT
    severity,
    reason,
    count(*) AS sessions,
    sum(abs(energy_wh))::bigint AS energy_wh,
    sum(revenue) AS revenue
FROM pg_temp.rollup_finding
GROUP BY severity, reason
ORDER BY severity, reason;
