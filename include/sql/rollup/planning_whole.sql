-- Lets a session that computes a share of everything sort instead of hash, which spills, use no further processes, as
-- each share has one, and compile its expressions, of which there are many for each of many rows.
-- Parameters: none. Locks nothing.
SELECT
    set_config('enable_hashagg', 'off', true),
    set_config('jit', 'on', true),
    set_config('max_parallel_workers_per_gather', '0', true);
