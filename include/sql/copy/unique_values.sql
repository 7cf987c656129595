{# Key and unique values of the rows that a unique index holds; part of other templates. #}
{# Parameters: rows (quoted name of the table), key (names), unique (expressions, predicate). #}
SELECT
    {{ key | identifiers }}
    {%- for expression in unique.expressions %},
    {{ expression }} AS {{ ("pgpipelines value " ~ loop.index) | identifier }}
    {%- endfor %}

FROM {{ rows }}
{% if unique.predicate is not none %}
WHERE {{ unique.predicate }}
{% endif %}
