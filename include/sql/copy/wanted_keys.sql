-- The keys that are wanted from the source, each part as text. Those known to be extra here are not there.
-- Parameters: wanted (table), key (names). Locks nothing that others see.
SELECT
{% if key %}
{% for name in key %}
    {{ name | identifier }}::text AS {{ ("key " ~ loop.index) | identifier }}{% if not loop.last %},{% endif %}

{% endfor %}
{% else %}
    "pgpipelines hash"::text AS "key 1"
{% endif %}
FROM {{ wanted | identifier }}
WHERE "pgpipelines kind" <> 'extra';
