-- Lays out what truly happened on each charger, as temporary tables: `dirt_plan`, `spell` and `event`.
-- Parameters: bound: chargers, sessions (how many), days (of history, a multiple of 10), until.
-- Locks: none.
--
-- What happened is one thing and what was reported (sessions.sql) another: dirt is a wrong report of a true
-- event, so that meters stay right. Two events of a charger never overlap.

-- Share of sessions that are wrong on purpose, in each of the ways that a charging network produces.
CREATE TEMPORARY TABLE dirt_plan ON COMMIT DROP AS
SELECT
    kind,
    severity,
    description,
    wanted,
    sum(wanted) FILTER (WHERE drawn) OVER (ORDER BY place) - wanted AS places_before,
    drawn
FROM (
    SELECT *, greatest(1, round(%(sessions)s * share))::bigint AS wanted
    FROM (
        VALUES
            (1, 'end_before_start', 'quarantine', 0.0010, TRUE, 'start and end exchanged'),
            (2, 'energy_without_duration', 'quarantine', 0.0010, TRUE, 'ends when it starts, yet delivers energy'),
            (3, 'negative_energy', 'quarantine', 0.0010, TRUE, 'energy below zero'),
            (4, 'power_above_rated', 'quarantine', 0.0002, TRUE, 'average power of three times the rated'),
            (5, 'start_before_2000', 'quarantine', 0.0005, TRUE, 'charger clock fallen back to 1970'),
            (6, 'start_in_future', 'quarantine', 0.0005, TRUE, 'charger clock twenty years ahead'),
            (7, 'unknown_charger', 'quarantine', 0.0005, TRUE, 'no charger named'),
            (8, 'zero_energy', 'flag', 0.0030, TRUE, 'plugged in, nothing delivered'),
            (9, 'overlap', 'flag', 0.0020, TRUE, 'starts before the session before it has ended'),
            (10, 'duration_differs', 'flag', 0.0020, TRUE, 'stated duration 37 minutes more than end less start'),
            (11, 'zone_suspect', 'flag', 0.0010, TRUE, 'stated duration nine hours more than end less start'),
            (12, 'fees_differ', 'flag', 0.0010, TRUE, 'total 500 KRW more than its parts'),
            (13, 'longer_than_48h', 'flag', 0.0004, FALSE, 'plugged in for more than two days')
    ) AS listed (place, kind, severity, share, drawn, description)
) AS counted;

-- Times in which a charger does something else than usual: at most one in ten days, so that none overlap. When
-- the history ends, a session is still open at one charger in twelve, and one in twenty-five is out of order.
CREATE TEMPORARY TABLE spell ON COMMIT DROP AS
WITH block AS (
    SELECT
        c.id::bigint AS charger,
        b AS place,
        c.id * 1000::bigint + b AS key,
        row_number() OVER (ORDER BY pg_temp.chance(c.id * 1000::bigint + b, 'long session'), c.id, b) AS long_place
    FROM charger_info AS c
    CROSS JOIN generate_series(0, %(days)s / 10 - 1) AS b
),

chosen AS (
    SELECT
        *,
        CASE
            WHEN long_place <= (SELECT wanted FROM dirt_plan WHERE kind = 'longer_than_48h') THEN 'LONG'
            WHEN pg_temp.chance(key, 'spell') < 0.20 THEN 'FAULT'
            WHEN pg_temp.chance(key, 'spell') < 0.35 THEN 'OFFLINE'
            WHEN pg_temp.chance(key, 'spell') < 0.42 THEN 'MAINTENANCE'
        END AS kind,
        %(until)s::timestamp - make_interval(days => %(days)s - 10 * place)
        + make_interval(secs => pg_temp.roll(86400, 5 * 86400, key, 'spell begins')) AS start_at
    FROM block
),

going_on AS (
    SELECT
        c.id::bigint AS charger,
        c.id * 1000::bigint + 999 AS key,
        row_number() OVER (ORDER BY pg_temp.chance(c.id, 'going on'), c.id) AS last_place
    FROM charger_info AS c
)

SELECT
    charger,
    -key AS key,
    kind,
    start_at,
    start_at + make_interval(
        secs => CASE kind
            WHEN 'LONG' THEN pg_temp.roll(49 * 3600, 60 * 3600, key, 'spell lasts')
            WHEN 'FAULT' THEN pg_temp.roll(3600, 30 * 3600, key, 'spell lasts')
            WHEN 'OFFLINE' THEN pg_temp.roll(1800, 12 * 3600, key, 'spell lasts')
            ELSE pg_temp.roll(7200, 6 * 3600, key, 'spell lasts')
        END
    ) AS end_at
FROM chosen
WHERE kind IS NOT NULL
UNION ALL
SELECT
    charger,
    -key AS key,
    CASE
        WHEN last_place <= greatest(1, %(chargers)s / 12) THEN 'OPEN'
        ELSE pg_temp.pick(ARRAY['FAULT', 'FAULT', 'OFFLINE', 'MAINTENANCE'], key, 'out of order')
    END AS kind,
    %(until)s::timestamp - make_interval(secs => pg_temp.roll(300, 5400, key, 'going on since')) AS start_at,
    %(until)s::timestamp + make_interval(secs => pg_temp.roll(600, 3600, key, 'going on until')) AS end_at
FROM going_on
WHERE last_place <= greatest(1, %(chargers)s / 12) + greatest(1, %(chargers)s / 25);

-- How sessions spread over the hours of a day in Jeju; overnight at slow chargers, later at weekends.
CREATE TEMPORARY TABLE day_shape ON COMMIT DROP AS
SELECT
    slow,
    weekend,
    hour - 1 AS hour,
    ((sum(weight) OVER so_far - weight) / (sum(weight) OVER whole_day)::float8) AS low,
    (sum(weight) OVER so_far / (sum(weight) OVER whole_day)::float8) AS high
FROM (
    VALUES
        (FALSE, FALSE, ARRAY[
            13, 9, 7, 6, 8, 14, 28, 48, 56, 50, 47, 50,
            58, 54, 50, 48, 50, 62, 78, 76, 64, 52, 42, 30
        ]),
        (FALSE, TRUE, ARRAY[
            17, 12, 9, 7, 7, 11, 18, 29, 42, 56, 66, 70,
            70, 68, 68, 66, 64, 62, 60, 54, 48, 40, 32, 24
        ]),
        (TRUE, FALSE, ARRAY[
            24, 14, 9, 7, 7, 10, 18, 40, 58, 44, 34, 32,
            36, 34, 32, 32, 36, 56, 88, 104, 98, 82, 64, 41
        ]),
        (TRUE, TRUE, ARRAY[
            28, 18, 12, 9, 8, 10, 14, 22, 34, 46, 52, 54,
            54, 50, 48, 48, 50, 58, 72, 80, 78, 66, 52, 37
        ])
) AS shape (slow, weekend, weights)
CROSS JOIN LATERAL unnest(weights) WITH ORDINALITY AS each_hour (weight, hour)
WINDOW
    whole_day AS (PARTITION BY slow, weekend),
    so_far AS (PARTITION BY slow, weekend ORDER BY hour);

CREATE TEMPORARY TABLE event ON COMMIT DROP AS
WITH charger_day AS (
    SELECT
        c.id::bigint AS charger,
        c.charger_type = 'SLOW' AS slow,
        c.id * 100000::bigint + d * 100 AS key,
        day,
        extract(isodow FROM day) >= 6 AS weekend,
        (CASE c.charger_type WHEN 'SLOW' THEN 3 WHEN 'FAST' THEN 6 ELSE 8 END
        * CASE WHEN extract(isodow FROM day) >= 6 THEN 12 WHEN extract(isodow FROM day) = 5 THEN 11 ELSE 9 END
        * pg_temp.roll(50, 150, c.id, 'popularity')
        * pg_temp.roll(70, 130, c.id * 1000::bigint + d, 'day')) AS weight
    FROM charger_info AS c
    CROSS JOIN generate_series(0, %(days)s) AS d
    -- Days of Jeju: nine hours ahead of the UTC that everything is written in.
    CROSS JOIN LATERAL (
        SELECT (%(until)s::timestamp + interval '9 hours')::date - %(days)s + d AS day
    ) AS local_day
),

-- Whole sessions for each charger and day out of one running total: they add up whatever the weights are.
apportioned AS (
    SELECT
        charger, slow, key, day, weekend,
        div(%(sessions)s * running, total)::bigint - div(%(sessions)s * (running - weight), total)::bigint AS sessions
    FROM (
        SELECT *, sum(weight) OVER (ORDER BY key) AS running, sum(weight) OVER () AS total FROM charger_day
    ) AS weighted
),

drafted AS (
    SELECT
        charger,
        slow,
        weekend,
        day,
        key + k AS key,
        (k + 0.6 * pg_temp.chance(key + k, 'moment')) / sessions AS moment
    FROM apportioned
    CROSS JOIN LATERAL generate_series(0, sessions - 1) AS k
),

timed AS (
    SELECT
        charger,
        drafted.key,
        'SESSION' AS kind,
        day - interval '9 hours'
        + make_interval(secs => floor(3600 * (hour + (moment - low) / (high - low)))) AS start_at,
        NULL::timestamp AS end_at
    FROM drafted
    INNER JOIN day_shape USING (slow, weekend)
    WHERE moment >= low AND moment < high
),

happened AS (
    SELECT *
    FROM timed AS t
    WHERE
        t.start_at >= %(until)s::timestamp - make_interval(days => %(days)s)
        AND t.start_at < %(until)s::timestamp
        AND NOT EXISTS (
            SELECT FROM spell AS s
            WHERE s.charger = t.charger AND t.start_at >= s.start_at AND t.start_at < s.end_at
        )
    UNION ALL
    SELECT charger, key, kind, start_at, end_at FROM spell
),

followed AS (
    SELECT
        *,
        lead(start_at) OVER in_turn AS next_at,
        lead(kind) OVER in_turn AS next_kind
    FROM happened
    WINDOW in_turn AS (PARTITION BY charger ORDER BY start_at, key)
),

-- A vehicle leaves when it has had enough, or five minutes before the next one comes.
stayed AS (
    SELECT
        f.*,
        c.charger_type,
        c.rated_power,
        wanted_s > free_s AS cut,
        CASE
            WHEN f.kind = 'SESSION' THEN least(wanted_s, free_s)
            ELSE extract(epoch FROM f.end_at - f.start_at)::bigint
        END AS stay_s
    FROM followed AS f
    INNER JOIN charger_info AS c ON c.id = f.charger
    CROSS JOIN LATERAL (
        SELECT
            CASE c.charger_type
                WHEN 'SLOW' THEN pg_temp.roll(5400, 30600, f.key, 'stay')
                WHEN 'FAST' THEN pg_temp.roll(900, 3600, f.key, 'stay')
                ELSE pg_temp.roll(600, 2100, f.key, 'stay')
            END AS wanted_s,
            coalesce(extract(epoch FROM f.next_at - f.start_at)::bigint - 300, 2147483647) AS free_s
    ) AS wish
),

-- Some vehicles stay plugged in when they are full; none charges for more than ten hours.
charged AS (
    SELECT
        charger,
        key,
        kind,
        start_at,
        stay_s,
        charger_type,
        rated_power,
        kind IN ('SESSION', 'LONG', 'OPEN') AS is_session,
        coalesce(cut AND next_kind = 'FAULT', FALSE) AS failed,
        start_at + make_interval(secs => stay_s) AS end_at,
        least(
            36000,
            CASE
                WHEN kind = 'SESSION' AND pg_temp.chance(key, 'lingers') < 0.3
                    THEN floor(stay_s * (0.6 + 0.3 * pg_temp.chance(key, 'full after')))::bigint
                ELSE stay_s
            END
        ) AS charge_s
    FROM stayed
    WHERE stay_s >= 300
),

numbered AS (
    SELECT
        *,
        row_number() OVER in_turn AS ordinal,
        lag(kind) OVER in_turn AS kind_before,
        lag(stay_s) OVER in_turn AS stay_before
    FROM charged
    WINDOW in_turn AS (PARTITION BY charger ORDER BY start_at, key)
),

-- Dirt falls on every other session at most, so that it never meets other dirt.
drawn AS (
    SELECT
        charger,
        key,
        row_number() OVER (ORDER BY pg_temp.chance(key, 'dirt'), key) AS place
    FROM numbered
    WHERE
        kind = 'SESSION' AND kind_before = 'SESSION' AND ordinal %% 2 = 0 AND NOT failed
        AND stay_s >= 900 AND stay_before >= 900 AND end_at < %(until)s::timestamp - interval '1 day'
),

marked AS (
    SELECT
        n.*,
        d.place AS dirt_place,
        CASE WHEN n.kind = 'LONG' THEN 'longer_than_48h' ELSE p.kind END AS dirt
    FROM numbered AS n
    LEFT JOIN drawn AS d USING (charger, key)
    LEFT JOIN dirt_plan AS p ON p.drawn AND d.place > p.places_before AND d.place <= p.places_before + p.wanted
),

delivered AS (
    SELECT
        *,
        CASE
            WHEN NOT is_session OR dirt = 'zero_energy' THEN 0
            ELSE least(
                floor(rated_power * 1000 * (0.45 + 0.25 * pg_temp.chance(key, 'load')) * charge_s / 3600)::bigint,
                pg_temp.roll(38000, 72000, key, 'battery')
            )
        END AS wh
    FROM marked
),

-- The charger's own register goes on from one event to the next; it started in the factory.
metered AS (
    SELECT
        *,
        pg_temp.roll(1000000, 90000000, charger, 'register')
        + (sum(wh) OVER (PARTITION BY charger ORDER BY start_at, key))::bigint - wh AS register_wh
    FROM delivered
)

SELECT
    charger,
    CASE WHEN is_session THEN row_number() OVER (PARTITION BY is_session ORDER BY start_at, charger) END AS session,
    key,
    kind,
    start_at,
    end_at,
    stay_s,
    charge_s,
    is_session AND end_at > %(until)s::timestamp AS open,
    failed,
    dirt,
    dirt_place,
    wh,
    register_wh
FROM metered;
CREATE INDEX ON event (charger, start_at);
ANALYZE event;
