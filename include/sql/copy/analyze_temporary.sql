-- Gives the planner the statistics of a table of this session's own, of the columns that it is joined by.
-- Parameters: table, columns (names). Locks nothing that others see.
ANALYZE {{ table | identifier }} ({{ columns | identifiers }});
