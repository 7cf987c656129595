-- Adds a foreign key between two tables of the target; its rows are checked at once, unless it says NOT VALID.
-- Parameters: table, name (none: the server's choice), head (the definition up to the referenced table), references,
-- tail (the definition from the referenced columns on).
-- Locks SHARE ROW EXCLUSIVE on both tables: readers go on.
ALTER TABLE {{ table | identifier }} ADD
{%- if name is not none %} CONSTRAINT {{ name | identifier }}{% endif %}
 {{ head }}{{ references | identifier }}{{ tail }};
