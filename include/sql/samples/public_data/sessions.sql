-- Makes each staged line a session, and returns how many were added and changed. What charger_usage_log says already
-- is not written again.
-- A session is told by what its line says, and by how often its file has said it before: of two files, the later one
-- has the last word.
-- Parameters: bound: layout. Locks: writes to charger_usage_log.
WITH numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY file, identity ORDER BY line) AS repetition
    FROM pg_temp.public_data
),

session AS (
    SELECT DISTINCT ON (identity, repetition)
        *,
        %(layout)s || '-' || identity || CASE WHEN repetition > 1 THEN '-' || repetition ELSE '' END AS transaction_id
    FROM numbered
    ORDER BY identity, repetition, file DESC
),

changed AS (
    UPDATE charger_usage_log AS u
    SET
        charger_id = s.charger_id,
        session_date = s.session_date,
        start_time = s.start_time,
        end_time = s.end_time,
        duration_minutes = s.duration_minutes,
        energy_delivered = s.energy_delivered,
        user_id_hash = s.user_id_hash,
        status = s.status,
        extra_data = s.extra_data
    FROM session AS s
    WHERE
        u.transaction_id = s.transaction_id
        AND (
            u.charger_id, u.session_date, u.start_time, u.end_time, u.duration_minutes, u.energy_delivered,
            u.user_id_hash, u.status, u.extra_data
        ) IS DISTINCT FROM (
            s.charger_id, s.session_date, s.start_time, s.end_time, s.duration_minutes, s.energy_delivered,
            s.user_id_hash, s.status, s.extra_data
        )
    RETURNING 1
),

added AS (
    INSERT INTO charger_usage_log (
        charger_id, transaction_id, session_date, start_time, end_time, duration_minutes, energy_delivered,
        user_id_hash, status, extra_data
    )
    SELECT
        s.charger_id,
        s.transaction_id,
        s.session_date,
        s.start_time,
        s.end_time,
        s.duration_minutes,
        s.energy_delivered,
        s.user_id_hash,
        s.status,
        s.extra_data
    FROM session AS s
    WHERE NOT EXISTS (SELECT FROM charger_usage_log AS u WHERE u.transaction_id = s.transaction_id)
    ORDER BY s.file, s.line
    RETURNING 1
)

SELECT
    (SELECT count(*) FROM added) AS added,
    (SELECT count(*) FROM changed) AS changed;
