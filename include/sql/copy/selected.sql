{# What stands in FROM when the source, or the target, is read; part of other templates. #}
{# Parameters: selection (table, select), leaf (one partition or child of the table, read alone; may be left out). #}
{# A leaf answers to the table's name, because the user's WHERE may qualify columns with it. #}
{% if selection.select is not none %}
(
{{ selection.select }}
) AS selected
{%- elif leaf is defined and leaf is not none %}
ONLY {{ leaf | identifier }} AS {{ selection.table.name | identifier }}
{%- else %}
{{ selection.table | identifier }}
{%- endif %}
