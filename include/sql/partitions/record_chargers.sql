-- Notes what each charger's rows come to in a partition that is detached in this transaction.
-- Parameters: partition, sessions (whether its rows are sessions, or samples); bound: schema, name, from_time.
-- Locks ACCESS SHARE on the partition.
INSERT INTO pgpipelines.detached_charger (
    table_schema, table_name, from_time, charger_id, rows, energy_wh, revenue
)
SELECT
    %(schema)s,
    %(name)s,
    %(from_time)s,
    coalesce(charger_id, ''),
    {% include 'partitions/_totals.sql' %}
FROM {{ partition | identifier }}
GROUP BY coalesce(charger_id, '');
