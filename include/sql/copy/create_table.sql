-- Creates the target table with the source's columns; constraints and indexes come after the rows.
-- Parameters: table, columns (name, type, compression, collation, not_null, not_null_name, expression, generated,
-- identity, sequence), virtual (whether the server knows virtual columns), unlogged, options (storage parameters),
-- partition_key.
-- Locks ACCESS EXCLUSIVE on the new table, which nobody else can see yet.
CREATE {% if unlogged %}UNLOGGED {% endif %}TABLE {{ table | identifier }} (
    {% for column in columns %}
    {% include 'copy/column.sql' %}
    {%- if not loop.last %},{% endif %}

    {% endfor %}
)
{%- if partition_key is not none %} PARTITION BY {{ partition_key }}{% endif %}
{%- if options is not none %} WITH ({{ options }}){% endif %}
;
