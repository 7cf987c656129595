-- Makes the list of keys whose rows are wanted from the source, and what is known of each so far.
-- Without a key, the hash of a row's content stands for it. Parameters: wanted (table), table, key (names).
-- Locks ACCESS SHARE on the table.
CREATE TEMPORARY TABLE {{ wanted | identifier }} ON COMMIT DROP AS
SELECT
    {% if key %}{{ key | identifiers }}{% else %}0::bigint AS "pgpipelines hash"{% endif %},
    ''::text AS "pgpipelines kind"
FROM {{ table | identifier }}
WITH NO DATA;
