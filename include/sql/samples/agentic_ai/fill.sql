-- Fills users, tasks and agent_executions of schema agentic_ai.
-- Parameters: bound: seed, users, tasks (how many of each), until.
-- Locks: writes to the three tables.
INSERT INTO agentic_ai.users (id, email, display_name, preferences, created_at, last_login_at)
SELECT
    md5('user ' || %(seed)s || ' ' || n)::uuid,
    'agent.user' || n || '@agentic.example',
    pg_temp.person(n),
    CASE
        WHEN pg_temp.chance(n, 'preferences') < 0.5 THEN '{}'::jsonb
        ELSE jsonb_build_object('언어', 'ko', '알림', pg_temp.chance(n, 'alerts') < 0.5, 'theme', NULL)
    END,
    %(until)s::timestamptz - make_interval(secs => pg_temp.roll(100 * 86400, 500 * 86400, n, 'joined')),
    CASE
        WHEN pg_temp.chance(n, 'seen') < 0.8
            THEN %(until)s::timestamptz - make_interval(secs => pg_temp.roll(60, 90 * 86400, n, 'last seen'))
    END
FROM generate_series(1, %(users)s::integer) AS n;

INSERT INTO agentic_ai.tasks (id, agent_name, task_type, status, result, error_message, created_at)
SELECT
    md5('task ' || %(seed)s || ' ' || n)::uuid,
    pg_temp.pick(ARRAY['수집 에이전트', '요약 에이전트', '번역 에이전트', 'planner-v2', 'sql_분석기'], n, 'agent'),
    pg_temp.pick(ARRAY['문서 요약', '뉴스 수집', '한영 번역', '데이터 분석', 'report'], n, 'type'),
    state.status,
    CASE
        WHEN state.status = 'completed'
            THEN jsonb_build_object(
                '요약', pg_temp.pick(ARRAY[E'첫째 줄\n둘째 줄\t탭', '제주 전기차 충전 수요가 늘었습니다. 🚗⚡', ''], n, 'summary'),
                '점수', round(pg_temp.chance(n, 'score')::numeric, 4),
                'sources', jsonb_build_array('https://news.example/' || n, NULL),
                'path', E'C:\\작업\\' || n
            )
    END,
    CASE
        WHEN state.status = 'failed'
            THEN pg_temp.pick(
                ARRAY[
                    '모델 응답 시간이 초과되었습니다.',
                    E'JSON 해석 오류:\n  줄 3, 열 14: 예상하지 못한 문자 ''}''\n  C:\\agent\\output.json',
                    '토큰 한도를 넘었습니다 (128,000).'
                ], n, 'error'
            )
    END,
    created_at
FROM generate_series(1, %(tasks)s::integer) AS n
CROSS JOIN LATERAL (
    SELECT %(until)s::timestamptz - make_interval(secs => pg_temp.roll(60, 60 * 86400, n, 'created')) AS created_at
) AS created
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN created_at > %(until)s::timestamptz - interval '2 hours'
            THEN pg_temp.pick(ARRAY['pending', 'running'], n, 'status')
        WHEN pg_temp.chance(n, 'status') < 0.76 THEN 'completed'
        ELSE pg_temp.pick(ARRAY['failed', 'pending'], n, 'otherwise')
    END AS status
) AS state;

INSERT INTO agentic_ai.agent_executions (
    task_id, agent_name, execution_start, execution_end, duration_seconds, llm_calls, llm_total_tokens
)
SELECT
    task.id,
    task.agent_name,
    run.started_at,
    CASE WHEN task.status <> 'running' THEN run.started_at + make_interval(secs => run.ms / 1000.0) END,
    CASE WHEN task.status <> 'running' THEN run.ms / 1000.0 END,
    run.calls,
    run.calls * pg_temp.roll(200, 6000, run.key, 'tokens')
FROM generate_series(1, %(tasks)s::integer) AS n
INNER JOIN agentic_ai.tasks AS task ON task.id = md5('task ' || %(seed)s || ' ' || n)::uuid
-- A task that failed was tried three times.
CROSS JOIN LATERAL generate_series(1, CASE task.status WHEN 'pending' THEN 0 WHEN 'failed' THEN 3 ELSE 1 END) AS attempt
CROSS JOIN LATERAL (
    SELECT
        n * 10::bigint + attempt AS key,
        task.created_at
        + make_interval(
            secs => 400 * (attempt - 1) + pg_temp.roll(1, 50, n * 10::bigint + attempt, 'waited')
        ) AS started_at,
        pg_temp.roll(500, 300000, n * 10::bigint + attempt, 'ms') AS ms,
        pg_temp.roll(1, 20, n * 10::bigint + attempt, 'calls') AS calls
) AS run
ORDER BY run.started_at, run.key;
