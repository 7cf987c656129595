-- The tables of chat: users, rooms, the whole history of messages, and the login log.
-- Parameters: none. Run as the application's role, which owns what it makes.
-- Locks: new tables only.
--
-- The newest 50 messages of a room and the sessions live in a cache in front; everything stands here.

CREATE TABLE users (
    id bigserial PRIMARY KEY,
    nickname varchar(50) NOT NULL UNIQUE,
    email varchar(255) UNIQUE,
    status_message text,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz
);

CREATE TABLE rooms (
    id serial PRIMARY KEY,
    name varchar(100) NOT NULL UNIQUE,
    topic text,
    owner_id bigint REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE messages (
    id bigserial PRIMARY KEY,
    room_id integer NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    user_id bigint REFERENCES users (id) ON DELETE SET NULL,
    reply_to bigint REFERENCES messages (id) ON DELETE SET NULL,
    body text NOT NULL,
    attachments jsonb,
    sent_at timestamptz NOT NULL DEFAULT now(),
    edited_at timestamptz
);
CREATE INDEX messages_room_sent ON messages (room_id, sent_at);
CREATE INDEX messages_user ON messages (user_id);
CREATE INDEX messages_reply_to ON messages (reply_to) WHERE reply_to IS NOT NULL;
COMMENT ON COLUMN messages.user_id IS 'Null once the sender has left the service';

CREATE TABLE login_log (
    id bigserial PRIMARY KEY,
    user_id bigint REFERENCES users (id) ON DELETE CASCADE,
    login_at timestamptz NOT NULL DEFAULT now(),
    client_address inet,
    user_agent text,
    succeeded boolean NOT NULL,
    failure_reason text
);
CREATE INDEX login_log_user_at ON login_log (user_id, login_at);
CREATE INDEX login_log_at ON login_log (login_at);
