-- Tells whether any row of the target holds a unique value that a staged row with another key is about to take.
-- Parameters: uniques (expressions, operators, predicate; not empty), table, only (not those that inherit from it),
-- staging, key (names). Locks ACCESS SHARE on the table.
SELECT
    {% for unique in uniques %}
    EXISTS (
        SELECT
        {% include 'copy/held_values.sql' %}

    ){% if not loop.last %} OR{% else %} AS any_held{% endif %}

    {% endfor %}
