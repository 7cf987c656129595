-- What the statistics remember between runs, in schema pgpipelines: which ranges changed (marks), what was found in
-- the sessions, and the settings that the statistics were computed with; and the functions by which triggers mark.
-- Parameters: schema_present. Takes an advisory lock until the commit.
--
-- A mark is a note that a range of a charger's time is dirty. The table is only added to, and has no key or index that
-- a writer could wait for.
SELECT pg_advisory_xact_lock(hashtextextended('pgpipelines.rollup', 0));

{% if not schema_present %}
CREATE SCHEMA IF NOT EXISTS pgpipelines;
{% endif %}

CREATE TABLE IF NOT EXISTS pgpipelines.dirty_range (
    charger_id text,
    from_time timestamp NOT NULL,
    until_time timestamp NOT NULL,
    transaction_ids text []
);
COMMENT ON TABLE pgpipelines.dirty_range IS 'Marks: what the next hourly statistics compute anew.';
COMMENT ON COLUMN pgpipelines.dirty_range.charger_id IS 'Null: every charger. Empty: sessions that name none.';
COMMENT ON COLUMN pgpipelines.dirty_range.from_time IS 'As the raw tables tell time; both ends belong to the range.';
COMMENT ON COLUMN pgpipelines.dirty_range.transaction_ids IS
'Transactions of rows that are gone, where nothing keeps a transaction from being there twice.';

CREATE TABLE IF NOT EXISTS pgpipelines.dirty_day (
    charger_id text,
    stats_date date
);
COMMENT ON TABLE pgpipelines.dirty_day IS
'What the next daily statistics compute anew: days of chargers; nulls mean every day of every charger.';

CREATE TABLE IF NOT EXISTS pgpipelines.dirty_station_day (
    station_id text,
    stats_date date
);
COMMENT ON TABLE pgpipelines.dirty_station_day IS
'What the next station statistics compute anew: days of stations; a null means every day, or every station.';

CREATE TABLE IF NOT EXISTS pgpipelines.session_finding (
    session_id bigint NOT NULL,
    charger_id text NOT NULL,
    transaction_id text,
    start_time timestamp NOT NULL,
    end_time timestamp,
    severity text NOT NULL CHECK (severity IN ('quarantine', 'flag')),
    reason text NOT NULL,
    energy_wh bigint NOT NULL,
    revenue numeric(14, 2) NOT NULL,
    found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (session_id, reason)
);
CREATE INDEX IF NOT EXISTS session_finding_charger_start ON pgpipelines.session_finding (charger_id, start_time);
CREATE INDEX IF NOT EXISTS session_finding_future ON pgpipelines.session_finding (reason)
WHERE reason IN ('start_in_future', 'end_in_future', 'sample_in_future');
COMMENT ON TABLE pgpipelines.session_finding IS
'Sessions that can''t be right (quarantine: they count nowhere, one row each) or are odd (flag: they count).';
COMMENT ON COLUMN pgpipelines.session_finding.end_time IS
'That of the session; where the reason is sample_in_future, the time of the first such sample.';

CREATE TABLE IF NOT EXISTS pgpipelines.rollup_settings (
    settings jsonb NOT NULL
);
COMMENT ON TABLE pgpipelines.rollup_settings IS
'One row: the settings that the figures were computed with. Where they change, everything is computed anew.';

CREATE TABLE IF NOT EXISTS pgpipelines.raw_day_checksum (
    raw_table text NOT NULL,
    charger_id text NOT NULL,
    day date NOT NULL,
    checksum numeric NOT NULL,
    from_time timestamp NOT NULL,
    until_time timestamp NOT NULL,
    PRIMARY KEY (raw_table, charger_id, day)
);
COMMENT ON TABLE pgpipelines.raw_day_checksum IS
'Where triggers are not allowed: what each charger''s days came to when the last run read them.';

CREATE TABLE IF NOT EXISTS pgpipelines.set_aside (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name text NOT NULL,
    name text NOT NULL,
    definition text NOT NULL
);
COMMENT ON TABLE pgpipelines.set_aside IS
'Constraints of an empty statistics table, taken off until the transaction that fills it puts them back.';

-- sum() of bigint is numeric, which takes several times as long; this one stays bigint, and fails where that overflows.
CREATE OR REPLACE AGGREGATE pgpipelines.total (bigint) (
    sfunc = int8pl, stype = bigint, combinefunc = int8pl, parallel = safe
);

{% include 'partitions/detached.sql' %}

{% include 'rollup/mark_sessions.sql' %}

{% include 'rollup/mark_samples.sql' %}

{% include 'rollup/mark_chargers.sql' %}
