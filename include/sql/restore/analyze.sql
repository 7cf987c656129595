-- Lets the planner know what was restored: a dump holds no statistics. Parameters: none.
-- Locks SHARE UPDATE EXCLUSIVE on each table in turn.
ANALYZE;
