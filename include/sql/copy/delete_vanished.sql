-- Deletes the target's rows whose key the source no longer has.
-- Parameters: table, key (names). Locks the deleted rows, and ROW EXCLUSIVE on the table.
DELETE FROM {{ table | identifier }} AS target
WHERE NOT EXISTS (
    SELECT FROM pg_temp.pgpipelines_staging AS staged
    WHERE {% for name in key %}target.{{ name | identifier }} = staged.{{ name | identifier }}{% if not loop.last %} AND {% endif %}{% endfor %}

);
