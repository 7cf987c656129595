-- How many of the evaluated sessions have which finding, and their energy (Wh, whatever its sign) and revenue (KRW);
-- and how many of them, with how much energy, this run found first: earlier ones keep the moment they were found.
-- Parameters: none. Locks nothing.
SELECT
    f.severity,
    f.reason,
    count(*) AS sessions,
    sum(abs(f.energy_wh))::bigint AS energy_wh,
    sum(f.revenue) AS revenue,
    count(*) FILTER (WHERE k.found_at >= now()) AS new_sessions,
    coalesce(sum(abs(f.energy_wh)) FILTER (WHERE k.found_at >= now()), 0)::bigint AS new_energy_wh
FROM pg_temp.rollup_finding AS f
INNER JOIN pgpipelines.session_finding AS k ON k.session_id = f.session_id AND k.reason = f.reason
GROUP BY f.severity, f.reason
ORDER BY f.severity, f.reason;
