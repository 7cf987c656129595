-- Refreshes a small report: sessions, energy (kWh) and revenue (KRW) of each type of charger. In one transaction.
-- Parameters: params.schema, params.source_schema.
-- Locks: ROW EXCLUSIVE on the report; readers see the old report or the new one.
CREATE SCHEMA IF NOT EXISTS {{ params.schema | identifier }};

CREATE TABLE IF NOT EXISTS {{ params.schema | identifier }}.energy_by_type (
    charger_type text PRIMARY KEY,
    sessions bigint NOT NULL,
    energy_kwh numeric(16, 3) NOT NULL,
    revenue_krw numeric(18, 2) NOT NULL,
    refreshed_at timestamptz NOT NULL DEFAULT now()
);

DELETE FROM {{ params.schema | identifier }}.energy_by_type;

INSERT INTO {{ params.schema | identifier }}.energy_by_type (charger_type, sessions, energy_kwh, revenue_krw)
SELECT
    c.charger_type,
    count(*),
    coalesce(sum(u.energy_delivered), 0),
    coalesce(sum(u.total_charge), 0)
FROM {{ params.source_schema | identifier }}.charger_usage_log AS u
INNER JOIN {{ params.source_schema | identifier }}.charger_info AS c ON u.charger_id = c.charger_id
WHERE u.end_time IS NOT NULL
GROUP BY c.charger_type;
