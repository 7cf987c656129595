-- Somebody says something in a chat room.
-- Parameters: none.
-- Locks: none that others wait for.
INSERT INTO messages (room_id, user_id, body)
SELECT
    (SELECT id FROM rooms ORDER BY random() LIMIT 1),
    (SELECT id FROM users ORDER BY random() LIMIT 1),
    (ARRAY['지금 비어 있어요 👍', E'곧 도착해요\n5분만요', '충전 끝났습니다 ⚡', '감사합니다!'])[1 + floor(random() * 4)];
