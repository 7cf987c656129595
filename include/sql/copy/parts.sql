-- Which tables a table's rows are read from, as the planner finds them by now: those that were attached since the
-- transaction's snapshot are among them, which the catalogs do not show to it. Nothing is read.
-- Parameters: selection (table, only). Locks ACCESS SHARE on the table and its parts.
EXPLAIN (COSTS OFF, VERBOSE, FORMAT json)
SELECT
FROM {% include 'copy/selected.sql' %};
