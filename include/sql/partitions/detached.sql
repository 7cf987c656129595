-- Creates the list of the partitions that were detached, and what their rows come to, for statistics that still hold
-- them.
-- Parameters: none. Locks new tables only.
CREATE TABLE IF NOT EXISTS pgpipelines.detached_partition (
    table_schema text NOT NULL,
    table_name text NOT NULL,
    partition_name text NOT NULL,
    from_time timestamp NOT NULL,
    until_time timestamp NOT NULL,
    frozen_until timestamp NOT NULL,
    rows bigint NOT NULL,
    energy_wh numeric,
    revenue numeric,
    detached_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (table_schema, table_name, from_time)
);
COMMENT ON TABLE pgpipelines.detached_partition IS
'Partitions that were detached. Statistics of the time before frozen_until stay as they are: their rows are not there.';
COMMENT ON COLUMN pgpipelines.detached_partition.from_time IS 'The first time that it takes (UTC, as in rows).';
COMMENT ON COLUMN pgpipelines.detached_partition.until_time IS 'The first time that it does not take any more.';
COMMENT ON COLUMN pgpipelines.detached_partition.frozen_until IS
'The time until which its rows reach: until_time, or the end of the session that ends last.';
COMMENT ON COLUMN pgpipelines.detached_partition.energy_wh IS 'Energy of its sessions (Wh), null for meter samples.';
COMMENT ON COLUMN pgpipelines.detached_partition.revenue IS
'Total charges of its sessions, or the sum of their parts (KRW); null for meter samples.';

CREATE TABLE IF NOT EXISTS pgpipelines.detached_charger (
    table_schema text NOT NULL,
    table_name text NOT NULL,
    from_time timestamp NOT NULL,
    charger_id text NOT NULL,
    rows bigint NOT NULL,
    energy_wh numeric,
    revenue numeric,
    PRIMARY KEY (table_schema, table_name, from_time, charger_id),
    FOREIGN KEY (table_schema, table_name, from_time) REFERENCES pgpipelines.detached_partition ON DELETE CASCADE
);
COMMENT ON TABLE pgpipelines.detached_charger IS
'What the rows of each charger come to in a partition that was detached; empty charger_id: rows that name none.';
