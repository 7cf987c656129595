-- Fills station_info.
-- Parameters: bound: stations (how many), until.
-- Locks: writes to station_info.
WITH place (place, city, town, longitude, latitude) AS (
    VALUES
        (0, '제주시', '연동', 126.4930, 33.4890),
        (1, '제주시', '노형동', 126.4790, 33.4850),
        (2, '제주시', '아라동', 126.5440, 33.4740),
        (3, '제주시', '애월읍 애월리', 126.3310, 33.4620),
        (4, '제주시', '조천읍 함덕리', 126.6690, 33.5410),
        (5, '제주시', '구좌읍 세화리', 126.8560, 33.5250),
        (6, '제주시', '한림읍 협재리', 126.2400, 33.3940),
        (7, '서귀포시', '중문동', 126.4260, 33.2530),
        (8, '서귀포시', '서홍동', 126.5530, 33.2590),
        (9, '서귀포시', '성산읍 성산리', 126.9310, 33.4610),
        (10, '서귀포시', '남원읍 위미리', 126.6640, 33.2760),
        (11, '서귀포시', '대정읍 하모리', 126.2530, 33.2200)
)

INSERT INTO station_info (
    id, station_id, station_name, address, longitude, latitude, operator_name, operator_phone, operator_email,
    created_at, updated_at
)
SELECT
    n,
    'JEJU-' || lpad(n::text, 4, '0'),
    p.town || ' '
    || pg_temp.pick(ARRAY['공영주차장', '주민센터', '하나로마트', '초등학교', '해수욕장', '관광호텔', '아파트'], n, 'site')
    || ' 제' || n || '충전소',
    '제주특별자치도 ' || p.city || ' ' || p.town || ' '
    || pg_temp.roll(1, 2500, n, 'lot') || '-' || pg_temp.roll(1, 40, n, 'branch'),
    round((p.longitude + 0.02 * (pg_temp.chance(n, 'longitude') - 0.5))::numeric, 6),
    round((p.latitude + 0.02 * (pg_temp.chance(n, 'latitude') - 0.5))::numeric, 6),
    operator.name,
    '064-' || pg_temp.roll(700, 799, n, 'exchange') || '-' || lpad(pg_temp.roll(0, 9999, n, 'line')::text, 4, '0'),
    'help' || n || '@' || operator.domain,
    %(until)s::timestamp - make_interval(days => pg_temp.roll(400, 2500, n, 'opened')::integer),
    %(until)s::timestamp - make_interval(days => pg_temp.roll(61, 399, n, 'edited')::integer)
FROM generate_series(1, %(stations)s::integer) AS n
INNER JOIN place AS p ON p.place = pg_temp.roll(0, 11, n, 'place')
CROSS JOIN LATERAL (
    SELECT * FROM (
        VALUES
            (0, '제주에너지공사', 'energy.example'),
            (1, '한라전기충전', 'halla.example'),
            (2, '탐라모빌리티', 'tamna.example')
    ) AS known (place, name, domain)
    WHERE known.place = pg_temp.roll(0, 2, n, 'operator')
) AS operator
ORDER BY n;

SELECT setval('station_info_id_seq', %(stations)s);
