-- Notes what a partition held that is detached in this transaction.
-- Parameters: bound: schema, name, partition, from_time, until_time, frozen_until, rows, energy_wh, revenue.
-- Locks one row.
INSERT INTO pgpipelines.detached_partition (
    table_schema, table_name, partition_name, from_time, until_time, frozen_until, rows, energy_wh, revenue
)
VALUES (
    %(schema)s, %(name)s, %(partition)s, %(from_time)s, %(until_time)s, %(frozen_until)s, %(rows)s, %(energy_wh)s,
    %(revenue)s
);
