-- Where names are found for the rest of this transaction. Parameters: bound: path. Locks nothing.
SELECT set_config('search_path', %(path)s, true);
