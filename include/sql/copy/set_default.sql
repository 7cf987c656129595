-- Gives a column the source's default; shown to a person, never run by a copy. Parameters: table, column, expression
-- (none: no default). Locks ACCESS EXCLUSIVE on the table, for a moment.
ALTER TABLE {{ table | identifier }} ALTER COLUMN {{ column | identifier }}
{%- if expression is not none %} SET DEFAULT {{ expression }}{% else %} DROP DEFAULT{% endif %}
;
