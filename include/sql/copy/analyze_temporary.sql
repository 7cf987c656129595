-- Gives the planner the statistics of tables of this session's own, of the columns that they are joined by: of a few
-- rows, which tell how many there are. Parameters: tables (each with the names of its columns). Locks nothing that
-- others see.
SET LOCAL default_statistics_target = 10;
ANALYZE {% for table, columns in tables %}{{ table | identifier }} ({{ columns | identifiers }}){% if not loop.last %}, {% endif %}{% endfor %};
SET LOCAL default_statistics_target TO DEFAULT;
