-- Which of these extensions the server has no files of. Parameters: bound: names (list). Locks nothing.
SELECT wanted.name
FROM unnest(%(names)s::text[]) AS wanted (name)
WHERE wanted.name NOT IN (SELECT available.name FROM pg_available_extensions AS available)
ORDER BY wanted.name;
