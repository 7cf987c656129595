-- Makes large.documents: rows that each hold so many incompressible bytes. A view reads one stored value again and
-- again, so that the source needs the disk of a single row; what travels is the same as from a table.
-- Parameters: bound: rows, bytes. Locks: new schema, table and view only.
CREATE SCHEMA large;
CREATE TABLE large.stored (body bytea NOT NULL);
ALTER TABLE large.stored ALTER COLUMN body SET STORAGE EXTERNAL;

INSERT INTO large.stored (body)
SELECT substring(string_agg(sha512(number::text::bytea), ''::bytea) FROM 1 FOR %(bytes)s)
FROM generate_series(1, %(bytes)s / 64 + 1) AS number;

CREATE VIEW large.documents AS
SELECT
    number AS id,
    stored.body
FROM large.stored CROSS JOIN generate_series(1, %(rows)s) AS number;
