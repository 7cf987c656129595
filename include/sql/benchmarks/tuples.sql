-- The tuples written to a table since it was made, zeros where it is missing. Parameters: bound: schema, name.
-- Locks: none.
SELECT
    coalesce(sum(n_tup_ins), 0)::bigint AS inserted,
    coalesce(sum(n_tup_upd), 0)::bigint AS updated,
    coalesce(sum(n_tup_del), 0)::bigint AS deleted
FROM pg_stat_user_tables
WHERE schemaname = %(schema)s AND relname = %(name)s;
