-- How many rows of a table this transaction has inserted, updated and deleted so far, by whatever statement or trigger;
-- a row that was both counts twice. Parameters: bound: schema, name. Locks nothing.
SELECT coalesce(sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)::bigint AS rows
FROM (SELECT to_regclass(format('%%I.%%I', %(schema)s, %(name)s)) AS oid) AS named
CROSS JOIN LATERAL (SELECT named.oid UNION SELECT relid FROM pg_partition_tree(named.oid)) AS leaves
INNER JOIN pg_stat_xact_user_tables AS s ON leaves.oid = s.relid;
