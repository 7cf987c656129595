{# Streams the rows that this snapshot sees. Locks ACCESS SHARE on the table. #}
{# Parameters: table, columns (names), whole (a query reads what a plain COPY of the table would not), binary. #}
COPY
{% if whole %}
(SELECT {{ columns | identifiers }} FROM {{ table | identifier }})
{%- else %}
{{ table | identifier }} ({{ columns | identifiers }})
{%- endif %}
 TO STDOUT (FORMAT {% if binary %}binary{% else %}text{% endif %})
