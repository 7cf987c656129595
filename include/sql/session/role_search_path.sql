-- The search_path that the role has outside of this package's sessions. Parameters: none. Locks nothing.
SELECT reset_val AS path
FROM pg_settings
WHERE name = 'search_path';
