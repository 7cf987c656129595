-- Lets the planner know what a temporary table holds. Parameters: table. Locks nothing that others wait for.
ANALYZE {{ table | identifier }};
