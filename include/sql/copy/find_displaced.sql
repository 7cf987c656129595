-- Finds the target's rows that no UPDATE brings to their staged state: a row that changes takes their unique value
-- before they give it up, or they differ in a column that is GENERATED ALWAYS AS IDENTITY.
-- Parameters: table, staging, key (names), uniques (expressions, predicate), identities (names); not both empty.
-- Locks ACCESS SHARE on the table.
CREATE TEMPORARY TABLE pgpipelines_displaced ON COMMIT DROP AS
{% for unique in uniques %}
SELECT {{ key | identifiers("held") }}
FROM (
    {% set rows = table %}
    {% include 'copy/unique_values.sql' %}
) AS held
INNER JOIN (
    {% set rows = staging %}
    {% include 'copy/unique_values.sql' %}
) AS wanted
    ON
        {% for expression in unique.expressions %}
        {% set value = "pgpipelines value " ~ loop.index %}
        held.{{ value | identifier }} = wanted.{{ value | identifier }}
        {%- if not loop.last %} AND{% endif %}

        {% endfor %}
WHERE
    NOT ({{ key | matching("held", "wanted") }})
    AND EXISTS (SELECT FROM {{ table | identifier }} AS target WHERE {{ key | matching("target", "wanted") }})
    AND EXISTS (SELECT FROM {{ staging | identifier }} AS staged WHERE {{ key | matching("staged", "held") }})
{% if not loop.last or identities %}
UNION
{% endif %}
{% endfor %}
{% if identities %}
SELECT {{ key | identifiers("target") }}
FROM {{ table | identifier }} AS target
INNER JOIN {{ staging | identifier }} AS staged ON {{ key | matching("target", "staged") }}
WHERE ROW({{ identities | identifiers("target") }}) <> ROW({{ identities | identifiers("staged") }})
{% endif %}
;
