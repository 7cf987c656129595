-- Limits the rest of this transaction to what PostgreSQL itself brings, so that nobody's operator or function
-- of the same name is taken for the server's. Parameters: none. Locks nothing.
SELECT set_config('search_path', 'pg_catalog', true);
