-- Keeps the source's table, and its partitions and children, from being altered, truncated or dropped until the
-- transaction ends: the planner locks what it would read, and needs no other privilege than a reader. Nothing is read.
-- Parameters: selection (table, only), columns (names; may be none). Locks ACCESS SHARE on the table and its parts.
EXPLAIN (COSTS OFF)
SELECT {{ columns | identifiers }}
FROM {% include 'copy/selected.sql' %};
