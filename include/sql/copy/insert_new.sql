-- Inserts the staged rows whose key the target does not have.
-- Parameters: table, key (names), columns (names). Locks ROW EXCLUSIVE on the table.
INSERT INTO {{ table | identifier }} ({{ columns | identifiers }})
OVERRIDING SYSTEM VALUE
SELECT {{ columns | identifiers("staged") }}
FROM pg_temp.pgpipelines_staging AS staged
WHERE NOT EXISTS (
    SELECT FROM {{ table | identifier }} AS target
    WHERE {% for name in key %}target.{{ name | identifier }} = staged.{{ name | identifier }}{% if not loop.last %} AND {% endif %}{% endfor %}

);
