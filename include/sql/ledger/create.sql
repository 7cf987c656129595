-- Creates what the package keeps in the target, or brings it up to date: the ledger, what is known of loads that were
-- broken off, and how far running copies have come. Data and ledger row commit together.
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
    status text NOT NULL,
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

ALTER TABLE pgpipelines.ledger
ADD COLUMN IF NOT EXISTS origin text,
ADD COLUMN IF NOT EXISTS selection text,
ADD COLUMN IF NOT EXISTS watermark jsonb,
ADD COLUMN IF NOT EXISTS notices text [];

ALTER TABLE pgpipelines.ledger
DROP CONSTRAINT IF EXISTS ledger_status_check,
ADD CONSTRAINT ledger_status_check CHECK (status IN ('succeeded', 'failed', 'skipped'));

CREATE INDEX IF NOT EXISTS ledger_target_table_id_idx ON pgpipelines.ledger (target_table, id);

COMMENT ON TABLE pgpipelines.ledger IS
'What each run did to each target table. A succeeded row commits together with the data that it describes.';
COMMENT ON COLUMN pgpipelines.ledger.bytes IS 'Bytes that went from source to target, in COPY format.';
COMMENT ON COLUMN pgpipelines.ledger.seconds IS 'Seconds by step.';
COMMENT ON COLUMN pgpipelines.ledger.snapshot IS 'Snapshot of the source that the target now equals.';
COMMENT ON COLUMN pgpipelines.ledger.columns IS 'Columns that were copied.';
COMMENT ON COLUMN pgpipelines.ledger.origin IS 'Which database cluster, and which database of it, the rows came from.';
COMMENT ON COLUMN pgpipelines.ledger.selection IS 'A digest of what was read: table, WHERE and SELECT.';
COMMENT ON COLUMN pgpipelines.ledger.watermark IS 'Where the next incremental run starts.';
COMMENT ON COLUMN pgpipelines.ledger.notices IS 'What a person may want to know, though nothing failed.';

CREATE TABLE IF NOT EXISTS pgpipelines.load (
    target_table text PRIMARY KEY,
    loading_schema text NOT NULL,
    loading_table text NOT NULL,
    digest text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE IF NOT EXISTS pgpipelines.load_chunk (
    target_table text NOT NULL REFERENCES pgpipelines.load ON DELETE CASCADE,
    number integer NOT NULL,
    leaf_schema text,
    leaf_table text,
    first_page bigint,
    end_page bigint,
    rows bigint,
    bytes bigint,
    snapshot text,
    PRIMARY KEY (target_table, number)
);

COMMENT ON TABLE pgpipelines.load IS
'Initial loads that have not been published yet. The next run goes on where one was broken off.';
COMMENT ON COLUMN pgpipelines.load.digest IS 'What the loading table was made for; another definition starts anew.';
COMMENT ON TABLE pgpipelines.load_chunk IS 'The pieces of a load. One with rows was loaded and committed.';

CREATE TABLE IF NOT EXISTS pgpipelines.progress (
    target_table text PRIMARY KEY,
    dag_id text NOT NULL,
    run_id text NOT NULL,
    task_id text NOT NULL,
    map_index integer NOT NULL,
    step text NOT NULL,
    rows bigint NOT NULL,
    bytes bigint NOT NULL,
    share double precision,
    seconds_left double precision,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

COMMENT ON TABLE pgpipelines.progress IS
'How far the copies that run now have come. A row that is not updated any more is of a run that was killed.';

CREATE OR REPLACE VIEW pgpipelines.freshness AS
WITH last_success AS (
    SELECT DISTINCT ON (target_table) *
    FROM pgpipelines.ledger
    WHERE status = 'succeeded'
    ORDER BY target_table, id DESC
),

last_run AS (
    SELECT DISTINCT ON (target_table) *
    FROM pgpipelines.ledger
    ORDER BY target_table, id DESC
)

SELECT
    r.target_table,
    s.source,
    s.source_table,
    s.strategy,
    s.snapshot_at AS fresh_as_of,
    clock_timestamp() - s.snapshot_at AS age,
    s.verification,
    r.status AS last_status,
    r.finished_at AS last_finished_at,
    r.error AS last_error,
    p.step AS running_step,
    p.updated_at AS running_seen_at
FROM last_run AS r
LEFT JOIN last_success AS s ON r.target_table = s.target_table
LEFT JOIN pgpipelines.progress AS p ON r.target_table = p.target_table;

COMMENT ON VIEW pgpipelines.freshness IS
'For each target table: the moment of the source that it shows, how it was proven, and how the last run ended.';
