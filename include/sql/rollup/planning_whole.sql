-- Lets a session that computes a share of everything sort instead of hash, which spills, and use no further processes:
-- each share has one. Parameters: compiling (whether what follows has many expressions for very many rows). Locks
-- nothing.
SELECT
    set_config('enable_hashagg', 'off', true),
    set_config('max_parallel_workers_per_gather', '0', true){% if compiling %},
    set_config('jit', 'on', true),
    set_config('jit_inline_above_cost', '-1', true),
    set_config('jit_optimize_above_cost', '-1', true){% endif %};
