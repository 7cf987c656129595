-- Gives a column another type. Parameters: table, column, type, collation, convert (whether values need a cast).
-- Locks ACCESS EXCLUSIVE on the table: for a moment where the values stay as they are (a longer varchar, text), else
-- until all rows are rewritten.
ALTER TABLE {{ table | identifier }} ALTER COLUMN {{ column | identifier }} TYPE {{ type }}
{%- if collation is not none %} COLLATE {{ collation }}{% endif %}
{%- if convert %} USING {{ column | identifier }}::{{ type }}{% endif %}
;
