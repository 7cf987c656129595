-- Creates the ledger: what each run did to each target table. Data and ledger row commit together.
-- Parameters: schema_present. Takes an advisory lock until the commit.
-- Runs that start together wait here instead of creating it twice.
SELECT pg_advisory_xact_lock(hashtextextended('pgpipelines.ledger', 0));

{% if not schema_present %}
CREATE SCHEMA IF NOT EXISTS pgpipelines;
{% endif %}

CREATE TABLE IF NOT EXISTS pgpipelines.ledger (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    try_number integer NOT NULL,
    source text NOT NULL,
    source_table text NOT NULL,
    target_table text NOT NULL,
    strategy text NOT NULL,
    status text NOT NULL CHECK (status IN ('succeeded', 'failed')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    snapshot text,
    snapshot_at timestamptz,
    columns text [],
    rows_read bigint,
    rows_inserted bigint,
    rows_updated bigint,
    rows_deleted bigint,
    bytes bigint,
    seconds jsonb,
    verification text,
    error text
);

CREATE INDEX IF NOT EXISTS ledger_target_table_id_idx ON pgpipelines.ledger (target_table, id);

COMMENT ON TABLE pgpipelines.ledger IS
'What each run did to each target table. A succeeded row commits together with the data that it describes.';
COMMENT ON COLUMN pgpipelines.ledger.bytes IS 'Bytes that went from source to target, in COPY format.';
COMMENT ON COLUMN pgpipelines.ledger.seconds IS 'Seconds by step.';
COMMENT ON COLUMN pgpipelines.ledger.snapshot IS 'Snapshot of the source that the target now equals.';
COMMENT ON COLUMN pgpipelines.ledger.columns IS 'Columns that were copied.';
