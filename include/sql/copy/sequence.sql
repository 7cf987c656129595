-- What the sequence that fills a column has handed out (NULL where this role may not see it), and whether it hands
-- out numbers in the order in which they are asked for. Parameters: schema, name. Locks nothing.
SELECT
    last_value,
    increment_by = 1 AND cache_size = 1 AND NOT cycle AS in_order
FROM pg_sequences
WHERE schemaname = %(schema)s AND sequencename = %(name)s;
