-- Fills users, rooms, messages and login_log.
-- Parameters: bound: users, rooms, messages, logins (how many of each), until.
-- Locks: writes to the four tables.
INSERT INTO users (id, nickname, email, status_message, created_at, last_seen_at)
SELECT
    n,
    pg_temp.pick(ARRAY['감귤', '돌하르방', '해녀', '한라산', '오름', '흑돼지', '유채꽃', 'jeju_ev'], n, 'nickname') || '_' || n,
    CASE WHEN pg_temp.chance(n, 'email') < 0.9 THEN 'chat' || n || '@chat.example' END,
    pg_temp.pick(ARRAY[NULL, '', '여행 중 ✈️', E'부재중\n월요일에 답장할게요', '🍊🍊🍊'], n, 'status'),
    %(until)s::timestamptz - make_interval(secs => pg_temp.roll(61 * 86400, 700 * 86400, n, 'joined')),
    CASE
        WHEN pg_temp.chance(n, 'seen') < 0.9
            THEN %(until)s::timestamptz - make_interval(secs => pg_temp.roll(0, 30 * 86400, n, 'last seen'))
    END
FROM generate_series(1, %(users)s::integer) AS n;

INSERT INTO rooms (id, name, topic, owner_id, created_at)
SELECT
    n,
    pg_temp.pick(ARRAY['제주 전기차 모임', '충전소 정보', '맛집 추천', '자유 게시판', '운영자 공지'], n, 'room') || ' ' || n,
    pg_temp.pick(ARRAY[NULL, '', '서로 존중해 주세요 🙂', E'규칙\n1. 광고 금지\n2. 욕설 금지'], n, 'topic'),
    pg_temp.roll(1, %(users)s, n, 'owner'),
    %(until)s::timestamptz - make_interval(days => pg_temp.roll(61, 700, n, 'opened')::integer)
FROM generate_series(1, %(rooms)s::integer) AS n;

INSERT INTO messages (id, room_id, user_id, reply_to, body, attachments, sent_at, edited_at)
SELECT
    n,
    pg_temp.roll(1, %(rooms)s, n, 'room'),
    CASE WHEN pg_temp.chance(n, 'left') < 0.98 THEN pg_temp.roll(1, %(users)s, n, 'sender') END,
    CASE WHEN n > 10 AND pg_temp.chance(n, 'reply') < 0.15 THEN n - pg_temp.roll(1, 10, n, 'reply to') END,
    pg_temp.pick(
        ARRAY[
            '안녕하세요!',
            '지금 중문 충전소 비어 있나요?',
            '네, 두 대 비어 있어요 👍',
            E'오늘 코스\n1) 성산일출봉\n2) 섭지코지\n3) 표선해수욕장',
            'ㅋㅋㅋㅋㅋㅋ',
            E'로그 경로는 C:\\chat\\log 이고 구분자는\t탭입니다',
            '👨‍👩‍👧‍👦 가족 여행 왔어요 🇰🇷',
            '',
            E'\\N',
            '''작은따옴표''와 "큰따옴표", 100%% 완료'
        ], n, 'body'
    ),
    CASE
        WHEN pg_temp.chance(n, 'photo') < 0.1
            THEN jsonb_build_object(
                '종류', '사진', '파일', '제주_' || n || '.jpg', 'width', 1920, '위치', jsonb_build_array(126.5, 33.4)
            )
    END,
    sent_at,
    CASE WHEN pg_temp.chance(n, 'edited') < 0.05 THEN sent_at + interval '1 minute' END
FROM generate_series(1, %(messages)s::integer) AS n
CROSS JOIN LATERAL (
    -- In the order of their ids, evenly over sixty days.
    SELECT
        %(until)s::timestamptz
        - make_interval(
            secs => floor(60 * 86400.0 * (%(messages)s - n + pg_temp.chance(n, 'sent')) / %(messages)s)
        ) AS sent_at
) AS sent;

INSERT INTO login_log (id, user_id, login_at, client_address, user_agent, succeeded, failure_reason)
SELECT
    n,
    CASE WHEN failure.reason = '없는 계정입니다.' THEN NULL ELSE pg_temp.roll(1, %(users)s, n, 'user') END,
    %(until)s::timestamptz - make_interval(secs => pg_temp.roll(0, 60 * 86400, n, 'login')),
    CASE
        WHEN pg_temp.chance(n, 'ipv6') < 0.2 THEN '2001:db8::'::inet + pg_temp.roll(1, 65000, n, 'address')
        ELSE '203.0.113.0'::inet + pg_temp.roll(1, 254, n, 'address')
    END,
    pg_temp.pick(ARRAY['Mozilla/5.0 (Android 14)', 'Mozilla/5.0 (iPhone)', '제주톡/3.2', NULL], n, 'agent'),
    failure.reason IS NULL,
    failure.reason
FROM generate_series(1, %(logins)s::integer) AS n
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN pg_temp.chance(n, 'login fails') < 0.2
                THEN pg_temp.pick(ARRAY['비밀번호가 틀렸습니다.', '없는 계정입니다.'], n, 'failure')
        END AS reason
) AS failure;

SELECT
    setval('users_id_seq', %(users)s),
    setval('rooms_id_seq', %(rooms)s),
    setval('messages_id_seq', %(messages)s),
    setval('login_log_id_seq', %(logins)s);
