{# The rows of some buckets: each as its key and hash, or, without a key, each hash with its number of rows. #}
{# This is part of other templates. Parameters: as in checksum/rows.sql, with keyed and chosen true. #}
WITH hashed AS (
    {% include 'checksum/rows.sql' %}
)

SELECT
{% if key_columns %}
    {{ key_columns | map(attribute='name') | identifiers }},
    "pgpipelines hash"
FROM hashed
{% else %}
    "pgpipelines hash",
    count(*) AS "pgpipelines rows"
FROM hashed
WHERE "pgpipelines hash" & bigint '{{ buckets - 1 }}' = ANY(%(chosen_buckets)s::bigint [])
GROUP BY 1
{% endif %}
