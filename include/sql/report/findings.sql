-- How many sessions have which finding, the most frequent first. Parameters: none. Locks nothing.
SELECT
    severity,
    reason,
    count(*) AS sessions
FROM pgpipelines.session_finding
GROUP BY severity, reason
ORDER BY severity DESC, count(*) DESC, reason;
