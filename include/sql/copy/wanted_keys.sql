-- The keys that are wanted from the source, each part as text. Those known to be extra here are not there, and others
-- may be staged already. Parameters: wanted, staging (tables), key (names). Locks nothing that others see.
SELECT
{% if key %}
{% for name in key %}
    {{ name | identifier }}::text AS {{ ("key " ~ loop.index) | identifier }}{% if not loop.last %},{% endif %}

{% endfor %}
{% else %}
    "pgpipelines hash"::text AS "key 1"
{% endif %}
FROM {{ wanted | identifier }} AS wanted
WHERE
    "pgpipelines kind" <> 'extra'
    {% if key %}
    AND NOT EXISTS (
        SELECT FROM {{ staging | identifier }} AS staged
        WHERE {{ key | matching("wanted", "staged") }}
    )
    {% endif %};
