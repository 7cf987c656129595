-- Functions that stand in for chance: the same seed, key and purpose give the same value, whatever the plan,
-- the server's version or the order of rows. They live in pg_temp and go with the connection.
-- Parameters: seed (integer).
-- Locks: none.

-- A number in [0, 1).
CREATE FUNCTION pg_temp.chance(key bigint, purpose text) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (hashint8extended(key, hashtextextended(purpose, {{ seed }})) & 4503599627370495)
        / 4503599627370496.0::float8
$$;

-- A whole number from low to high, both included.
CREATE FUNCTION pg_temp.roll(low bigint, high bigint, key bigint, purpose text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT low + floor((high - low + 1) * pg_temp.chance(key, purpose))::bigint
$$;

-- One of the options.
CREATE FUNCTION pg_temp.pick(options text[], key bigint, purpose text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT options[1 + floor(cardinality(options) * pg_temp.chance(key, purpose))::integer]
$$;

-- A Korean person's name.
CREATE FUNCTION pg_temp.person(key bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_temp.pick(ARRAY['김', '이', '박', '최', '정', '강', '조', '윤', '장', '임', '고', '양', '부', '현'], key, 'family name')
        || pg_temp.pick(
            ARRAY['민준', '서연', '도윤', '하은', '지호', '수아', '예준', '지우', '현우', '다은', '성민', '유진', '영수', '순자'],
            key, 'given name'
        )
$$;
