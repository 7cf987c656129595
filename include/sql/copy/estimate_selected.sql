-- About how many rows a selection has, by the planner; checks the user's SQL without running it.
-- Parameters: selection. Locks ACCESS SHARE on the tables that the selection reads.
EXPLAIN (FORMAT JSON)
SELECT *
FROM
    {% include 'copy/selected.sql' %}
WHERE
    {% include 'copy/selected_rows.sql' %}
;
