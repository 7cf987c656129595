-- Lets this session build indexes by itself: others build at the same time, and every worker would read the table too.
-- Parameters: none. Locks nothing.
SET max_parallel_maintenance_workers = 0;
