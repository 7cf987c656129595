-- How many of the evaluated sessions have which finding, and their energy (Wh) and revenue (KRW).
-- Parameters: none. Locks nothing.
SELECT severity, reason, count(*) AS sessions, sum(energy_wh) AS energy_wh, sum(revenue) AS revenue
FROM pg_temp.rollup_finding
GROUP BY severity, reason
ORDER BY severity, reason;
