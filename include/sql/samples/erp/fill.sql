-- Fills users, posts and orders.
-- Parameters: bound: users, posts, orders (how many of each), until.
-- Locks: writes to the three tables.
INSERT INTO users (id, username, email, created_at)
SELECT
    n,
    pg_temp.person(n) || n,
    -- Some have never given one.
    CASE
        WHEN pg_temp.chance(n, 'email') < 0.95
            THEN 'user' || n || '@' || pg_temp.pick(ARRAY['erp.example', '한글메일.example'], n, 'domain')
    END,
    %(until)s::timestamp - make_interval(secs => pg_temp.roll(90 * 86400, 1000 * 86400, n, 'joined'))
FROM generate_series(1, %(users)s::integer) AS n;

INSERT INTO posts (id, user_id, title, body, tags, attachments, published_at, created_at, updated_at)
SELECT
    n,
    pg_temp.roll(1, %(users)s, n, 'author'),
    pg_temp.pick(
        ARRAY['[공지] 정기 점검 안내', '제주 출장 보고서', '신규 거래처 등록 요청', '연차 사용 문의', 'Q&A: "견적서" 양식'],
        n, 'title'
    ) || ' #' || n,
    pg_temp.pick(
        ARRAY[
            '',
            E'안녕하세요.\n\n이번 주 토요일 02:00~04:00 동안 시스템 점검이 있습니다.\n이용에 불편을 드려 죄송합니다. 🙏',
            E'품목\t수량\t단가\n감귤 5kg\t20\t15,000\n한라봉 3kg\t8\t22,000',
            E'첨부 경로: \\\\파일서버\\공유\\보고서.xlsx 및 C:\\temp\\new',
            E'작은따옴표 '' 와 큰따옴표 " 그리고 백슬래시 \\ 와 \\N 을 포함한 본문',
            E'줄바꿈(CRLF)\r\n다음 줄   \n 끝 공백   '
        ], n, 'body'
    ),
    CASE pg_temp.roll(0, 3, n, 'tags')
        WHEN 0 THEN NULL
        WHEN 1 THEN '{}'::text[]
        WHEN 2 THEN ARRAY['공지']
        ELSE ARRAY['제주', '출장, 보고', NULL, '"인용"']
    END,
    CASE
        WHEN pg_temp.chance(n, 'attached') < 0.3
            THEN jsonb_build_array(
                jsonb_build_object(
                    '이름', '보고서 ' || n || '.pdf', 'bytes', pg_temp.roll(1000, 9000000, n, 'size'), 'note', NULL
                )
            )
    END,
    CASE WHEN pg_temp.chance(n, 'draft') < 0.9 THEN written_at + interval '10 minutes' END,
    written_at,
    written_at + make_interval(secs => pg_temp.roll(0, 3 * 86400, n, 'edited after'))
FROM generate_series(1, %(posts)s::integer) AS n
CROSS JOIN LATERAL (
    SELECT %(until)s::timestamp - make_interval(secs => pg_temp.roll(4 * 86400, 90 * 86400, n, 'written')) AS written_at
) AS written;

INSERT INTO orders (
    id, order_no, user_id, status, items, amount, shipping_address, memo, ordered_at, paid_at, updated_at
)
SELECT
    n,
    'ORD-' || to_char(ordered_at, 'YYYYMMDD') || '-' || lpad(n::text, 8, '0'),
    pg_temp.roll(1, %(users)s, n, 'customer'),
    state.status,
    jsonb_build_array(jsonb_build_object('품명', product.name, '수량', product.quantity, '단가', product.price)),
    product.quantity * product.price,
    CASE
        WHEN pg_temp.chance(n, 'pickup') < 0.9
            THEN '제주특별자치도 ' || pg_temp.pick(ARRAY['제주시 연동', '서귀포시 중문동', '제주시 애월읍'], n, 'town')
                || ' ' || pg_temp.roll(1, 900, n, 'lot')
    END,
    pg_temp.pick(ARRAY[NULL, NULL, '', '문 앞에 놓아 주세요 😊', E'부재 시\n경비실에 맡겨 주세요'], n, 'memo'),
    ordered_at,
    CASE WHEN state.status IN ('paid', 'shipped') THEN ordered_at + interval '3 minutes' END,
    ordered_at + CASE WHEN state.status = 'shipped' THEN interval '2 days' ELSE interval '3 minutes' END
FROM generate_series(1, %(orders)s::integer) AS n
CROSS JOIN LATERAL (
    SELECT
        %(until)s::timestamp - make_interval(secs => pg_temp.roll(3 * 86400, 365 * 86400, n, 'ordered')) AS ordered_at
) AS ordered
CROSS JOIN LATERAL (
    SELECT pg_temp.pick(ARRAY['paid', 'shipped', 'shipped', 'shipped', 'pending', 'cancelled'], n, 'status') AS status
) AS state
CROSS JOIN LATERAL (
    SELECT
        pg_temp.pick(ARRAY['완속 충전기 7kW', '급속 충전기 50kW', '충전 케이블 5m', '회원카드', '제주 감귤 5kg'], n, 'product') AS name,
        pg_temp.roll(1, 9, n, 'quantity') AS quantity,
        pg_temp.roll(10, 9000, n, 'price') * 100 AS price
) AS product;

SELECT
    setval('users_id_seq', %(users)s),
    setval('posts_id_seq', %(posts)s),
    setval('orders_id_seq', %(orders)s);
