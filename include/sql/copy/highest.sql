-- The highest cursor below a limit: no row dated in the future. An index on the cursor answers at once.
-- Text that holds yyyymmdd comes as a date; 31 days in each month, because nobody has checked it.
-- Parameters: selection (table, select), column, kind; bound: limit. Locks ACCESS SHARE on the relation.
{% set name = column | identifier %}
WITH found AS (
    SELECT max({{ name }}) AS highest
    FROM {% include 'copy/selected.sql' %}

    WHERE {{ name }} < %(limit)s::{{ kind.type }}
)

SELECT
    {% if kind.name == 'yyyymmdd' %}
    CASE
        WHEN highest::text ~ {% include 'copy/yyyymmdd.sql' %}

            THEN (
                make_date(left(highest, 4)::integer, substr(highest, 5, 2)::integer, 1)
                + substr(highest, 7, 2)::integer - 1
            )::text
    END AS highest
    {% elif kind.name == 'integer' %}
    nullif(floor(highest::numeric), '-Infinity')::text AS highest
    {% else %}
    highest::text AS highest
    {% endif %}
FROM found;
