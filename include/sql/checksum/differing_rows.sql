-- Adds the keys of the rows that differ to those that are wanted: missing here, extra here, or with other content.
-- Without a key, the hash of the content stands for it.
-- Parameters: wanted (table), key (names), and as in checksum/chosen_rows.sql; bound: chosen_buckets.
-- Locks ACCESS SHARE on what is read.
WITH found AS (
    {% include 'checksum/chosen_rows.sql' %}
)

INSERT INTO {{ wanted | identifier }}
SELECT
    {% if key %}
    {% for name in key %}
    coalesce(expected.{{ name | identifier }}, found.{{ name | identifier }}),
    {% endfor %}
    {% else %}
    coalesce(expected."pgpipelines hash", found."pgpipelines hash"),
    {% endif %}
    CASE
        WHEN found."pgpipelines hash" IS NULL THEN 'missing'
        WHEN expected."pgpipelines hash" IS NULL THEN 'extra'
        ELSE 'different'
    END
FROM pg_temp.pgpipelines_expected_rows AS expected
FULL JOIN found ON {% if key %}{{ key | matching("expected", "found") }}{% else %}expected."pgpipelines hash" = found."pgpipelines hash"{% endif %}

WHERE
    {% if key %}
    expected."pgpipelines hash" IS DISTINCT FROM found."pgpipelines hash";
    {% else %}
    expected."pgpipelines rows" IS DISTINCT FROM found."pgpipelines rows";
    {% endif %}
