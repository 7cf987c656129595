{# Rows of the target (held) with a unique value, or one that overlaps by an exclusion constraint, that a staged row #}
{# with another key (taken) is about to take. What a row has already (own), it does not take. #}
{# This is part of other templates. Parameters: unique (expressions, operators, predicate, nulls_meet), table, only, #}
{# staging, key (names). #}
FROM (
    {% set rows = table | identifier(only=only) %}
    {% include 'copy/unique_values.sql' %}
) AS held
INNER JOIN (
    {% set rows = staging | identifier %}
    {% include 'copy/unique_values.sql' %}
) AS taken
    ON
        {% if unique.nulls_meet %}
        -- As records, two NULLs are equal, and both sides can be sorted.
        {% for side in ["held", "taken"] %}
        ROW(
            {%- for expression in unique.expressions %}
            {{- side | identifier }}.{{ ("pgpipelines value " ~ loop.index) | identifier }}
            {%- if not loop.last %}, {% endif %}{% endfor %})::record
        {%- if loop.first %} ={% endif %}

        {% endfor %}
        {% else %}
        {% for expression in unique.expressions %}
        {% set value = "pgpipelines value " ~ loop.index %}
        held.{{ value | identifier }} {{ unique.operators[loop.index0] }} taken.{{ value | identifier }}
        {%- if not loop.last %} AND{% endif %}

        {% endfor %}
        {% endif %}
WHERE
    NOT ({{ key | matching("held", "taken") }})
    AND NOT EXISTS (
        SELECT
        FROM (
            {% set rows = table | identifier(only=only) %}
            {% include 'copy/unique_values.sql' %}
        ) AS own
        WHERE
            {{ key | matching("own", "taken") }}
            {% for expression in unique.expressions %}
            {% set value = "pgpipelines value " ~ loop.index %}
            AND ROW(own.{{ value | identifier }})::record *= ROW(taken.{{ value | identifier }})::record
            {% endfor %}
    )
