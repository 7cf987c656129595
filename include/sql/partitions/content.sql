-- How many rows a table has, and a sum that is another one for other rows. Parameters: table, columns.
-- Locks ACCESS SHARE on the table.
SELECT
    count(*) AS rows,
    coalesce(sum(hashtextextended(ROW({{ columns | identifiers }})::text, 0)::numeric), 0) AS content
FROM {{ table | identifier }};
