-- Takes streamed rows. Parameters: table, columns. Locks ROW EXCLUSIVE on the table.
COPY {{ table | identifier }} ({{ columns | identifiers }}) FROM STDIN;
