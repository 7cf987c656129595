-- Makes room for the keys and hashes of the source's rows. Parameters: table, key (names).
-- Locks ACCESS SHARE on the table.
DROP TABLE IF EXISTS pg_temp.pgpipelines_expected_rows;
CREATE TEMPORARY TABLE pgpipelines_expected_rows ON COMMIT DROP AS
SELECT
    {% if key %}
    {{ key | identifiers }},
    0::bigint AS "pgpipelines hash"
    {% else %}
    0::bigint AS "pgpipelines hash",
    0::bigint AS "pgpipelines rows"
    {% endif %}
FROM {{ table | identifier }}
WITH NO DATA;
