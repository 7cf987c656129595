-- Brings charger_info up to the end of the history, and notes the dirt that was put in.
-- Parameters: bound: until.
-- Locks: writes to charger_info.
UPDATE charger_info AS c
SET
    current_status = CASE
        WHEN e.end_at <= %(until)s::timestamp THEN 'AVAILABLE'
        WHEN e.session IS NOT NULL THEN 'IN_USE'
        ELSE e.kind
    END::charger_status,
    last_status_update = least(e.end_at, %(until)s::timestamp)
FROM (SELECT DISTINCT ON (charger) * FROM event ORDER BY charger, start_at DESC) AS e
WHERE e.charger = c.id;

CREATE SCHEMA IF NOT EXISTS pgpipelines_samples;
CREATE TABLE pgpipelines_samples.dirt_counts (
    kind text PRIMARY KEY,
    severity text NOT NULL CHECK (severity IN ('quarantine', 'flag')),
    sessions bigint NOT NULL,
    description text NOT NULL
);
COMMENT ON TABLE pgpipelines_samples.dirt_counts IS
    'Sessions of charger_usage_log that are wrong on purpose: each has one kind of dirt';
INSERT INTO pgpipelines_samples.dirt_counts (kind, severity, sessions, description)
SELECT p.kind, p.severity, count(e.dirt), p.description
FROM dirt_plan AS p
LEFT JOIN event AS e ON e.dirt = p.kind
GROUP BY p.kind, p.severity, p.description
UNION ALL
SELECT 'duplicate_transaction', 'quarantine', 0, 'a transaction repeated: the unique key of the source keeps it out';
