{# What stands in FROM to read a selection: the user's query, or the table; part of other templates. #}
{# Parameters: selection (table, select, only); leaf (may be left out): the one partition of the table to read. #}
{# The user's condition may name the table before its columns, so the table's name stays, whatever part is read. #}
{% if selection.select is not none %}
(
{{ selection.select }}
) AS selected
{% elif leaf is defined and leaf is not none %}
ONLY {{ leaf | identifier }} AS {{ selection.table.name | identifier }}
{% else %}
{{ selection.table | identifier(only=selection.only) }} AS {{ selection.table.name | identifier }}
{% endif %}
