-- Adds a column that the source has gained; one without a default, or with a constant one, does not rewrite the table.
-- Parameters: table, column (as copy/column.sql takes it), virtual (whether the server knows virtual columns).
-- Locks ACCESS EXCLUSIVE on the table, for a moment.
ALTER TABLE {{ table | identifier }} ADD COLUMN {% include 'copy/column.sql' %}
;
