-- Lets the planner know which keys a table holds that was just filled. Parameters: table, key (its columns). Locks
-- nothing that readers or writers of it wait for.
ANALYZE {{ table | identifier }} ({{ key | identifiers }});
