{# Takes a stream of rows in. Locks ROW EXCLUSIVE on the table. #}
{# Parameters: table, columns (names), binary. #}
COPY {{ table | identifier }} ({{ columns | identifiers }}) FROM STDIN (FORMAT {% if binary %}binary{% else %}text{% endif %})
