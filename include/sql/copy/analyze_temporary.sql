-- Gives the planner the statistics of a table of this session's own. Parameters: table. Locks nothing that others see.
ANALYZE {{ table | identifier }};
