-- The columns of a selection, by the result of a query that reads no row.
-- Parameters: selection. Locks ACCESS SHARE on the tables that the selection reads.
SELECT *
FROM
    {% include 'copy/selected.sql' %}
WHERE
    {% include 'copy/selected_rows.sql' %}

LIMIT 0;
