-- Primary key, unique, check and exclusion constraints of a table, as the server defines them.
-- Parameters: oid. Locks nothing.
SELECT
    conname AS name,
    pg_get_constraintdef(oid) AS definition
FROM pg_constraint
WHERE conrelid = %(oid)s AND contype IN ('p', 'u', 'c', 'x')
ORDER BY contype = 'p' DESC, conname;
