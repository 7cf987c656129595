-- Lets a session that computes a share of everything sort instead of hash, which spills, and use no further processes:
-- each share has one. Parameters: none. Locks nothing.
SELECT
    set_config('enable_hashagg', 'off', true),
    set_config('max_parallel_workers_per_gather', '0', true);
