-- Lets this session read with one process: pg_dump is the slower of the two that read, and the processor that a worker
-- would take is what it, or the server's users, have need of. Parameters: none. Locks nothing.
SET max_parallel_workers_per_gather = 0;
