-- A cursor that is to be read and is no yyyymmdd. Parameters: selection (table, select), column, change (what is
-- read; None for everything), whose values are bound. Locks ACCESS SHARE on the relation.
{% set name = column | identifier %}
SELECT {{ name }} AS value
FROM {% include 'copy/selected.sql' %}

WHERE
    {{ name }}::text !~ {% include 'copy/yyyymmdd.sql' %}

    {% if change is not none %}
    AND {% include 'copy/changed.sql' %}

    {% endif %}
LIMIT 1;
