-- Adds the keys of the rows that differ to those that are wanted: missing here, extra here, or with other content.
-- Without a key, the hash of the content stands for it, and a row is missing as well where it is there less often
-- than it should be, repeated where it is there more often.
-- Parameters: wanted (table), key (names). Locks nothing that others see.
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
        {% if key %}
        ELSE 'different'
        {% else %}
        WHEN expected."pgpipelines rows" > found."pgpipelines rows" THEN 'missing'
        ELSE 'repeated'
        {% endif %}
    END
FROM pg_temp.pgpipelines_expected_rows AS expected
FULL JOIN pg_temp.pgpipelines_found_rows AS found
    ON {% if key %}{{ key | matching("expected", "found") }}{% else %}expected."pgpipelines hash" = found."pgpipelines hash"{% endif %}

WHERE
    {% if key %}
    expected."pgpipelines hash" IS DISTINCT FROM found."pgpipelines hash"
-- What lies together is read and written together.
ORDER BY {% for name in key %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %};
    {% else %}
    expected."pgpipelines rows" IS DISTINCT FROM found."pgpipelines rows";
    {% endif %}
