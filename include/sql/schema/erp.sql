-- The tables of erp: the main database of a set of services.
-- Parameters: none. Run as the application's role, which owns what it makes.
-- Locks: new tables only.

CREATE TABLE users (
    id serial PRIMARY KEY,
    username varchar(50) UNIQUE,
    email varchar(100) UNIQUE,
    created_at timestamp DEFAULT (now() AT TIME ZONE 'UTC')
);

CREATE TABLE posts (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title varchar(200) NOT NULL,
    body text NOT NULL,
    tags text[],
    attachments jsonb,
    published_at timestamp,
    created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    updated_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE INDEX posts_user ON posts (user_id);
CREATE INDEX posts_published ON posts (published_at);
COMMENT ON COLUMN posts.published_at IS 'Null for a draft';

CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    order_no varchar(40) NOT NULL UNIQUE,
    user_id integer NOT NULL REFERENCES users (id),
    status varchar(20) NOT NULL CHECK (status IN ('pending', 'paid', 'shipped', 'cancelled')),
    items jsonb NOT NULL,
    amount numeric(12, 2) NOT NULL CHECK (amount >= 0),
    shipping_address varchar(255),
    memo text,
    ordered_at timestamp NOT NULL,
    paid_at timestamp,
    updated_at timestamp NOT NULL
);
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX orders_status ON orders (status);
CREATE INDEX orders_ordered ON orders (ordered_at);
COMMENT ON COLUMN orders.amount IS 'KRW; the sum of price times quantity over items';
