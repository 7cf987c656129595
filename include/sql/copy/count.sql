-- How many rows a selection has. Parameters: selection. Locks ACCESS SHARE on what is read.
SELECT count(*) AS rows
FROM {% include 'copy/selected.sql' %}

WHERE {% include 'copy/selected_rows.sql' %};
