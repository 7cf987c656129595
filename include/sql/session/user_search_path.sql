-- Gives the rest of this transaction the search_path that the role has outside of here, behind what PostgreSQL itself
-- brings, wherever the role has that: the user's SQL counts on the role's path, and ours stands in the same statement.
-- Parameters: none. Locks nothing.
SELECT set_config('search_path', concat_ws(', ', 'pg_catalog', nullif(reset_val, '')), true)
FROM pg_settings
WHERE name = 'search_path';
