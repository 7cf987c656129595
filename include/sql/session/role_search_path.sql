-- Gives the rest of this transaction the search_path that the role has outside of here: triggers of the target
-- may count on it. Parameters: none. Locks nothing.
SELECT set_config('search_path', reset_val, true)
FROM pg_settings
WHERE name = 'search_path';
