-- Makes the table in which the lines of public data are staged, in the order of their files.
-- Parameters: none.
-- Locks: an advisory lock until the transaction ends: two loads at the same time would both add the same session.
SELECT pg_advisory_xact_lock(hashtextextended('pgpipelines public data', 0));

CREATE TEMPORARY TABLE public_data (
    file integer NOT NULL,
    line bigint NOT NULL,
    identity text NOT NULL,
    station_id text,
    station_name text,
    address text,
    station_longitude double precision,
    station_latitude double precision,
    operator_name text,
    charger_id text,
    charger_type charger_type,
    location_detail text,
    connector_type text,
    model_name text,
    asset_tag text,
    session_date date,
    start_time timestamp NOT NULL,
    end_time timestamp,
    duration_minutes integer,
    energy_delivered numeric(10, 3),
    user_id_hash text,
    status text,
    extra_data jsonb,
    clock text
) ON COMMIT DROP;
