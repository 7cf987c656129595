-- Gives the planner the statistics of a table that was just filled.
-- Parameters: table. Locks SHARE UPDATE EXCLUSIVE on the table: readers and writers go on.
ANALYZE {{ table | identifier }};
