-- Notes how the data of this database were made. The last statement of the transaction that makes them: where
-- this row stands, the data are whole.
-- Parameters: bound: seed, scale, until.
-- Locks: new schema and tables only.
CREATE SCHEMA IF NOT EXISTS pgpipelines_samples;
CREATE TABLE pgpipelines_samples.generation (
    seed bigint PRIMARY KEY,
    scale double precision NOT NULL,
    until timestamp NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON SCHEMA pgpipelines_samples IS 'How the sample data were made, and what dirt was put in on purpose';
COMMENT ON COLUMN pgpipelines_samples.generation.until IS 'The moment at which the generated history ends (UTC)';
INSERT INTO pgpipelines_samples.generation (seed, scale, until) VALUES (%(seed)s, %(scale)s, %(until)s);
