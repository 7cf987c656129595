-- Makes a list of keys, gone with the transaction. Parameters: displaced (table), table, key (names).
-- Locks ACCESS SHARE on the table.
CREATE TEMPORARY TABLE {{ displaced | identifier }} ON COMMIT DROP AS
SELECT {{ key | identifiers }}
FROM {{ table | identifier }}
WITH NO DATA;
