-- Updates the rows that really differ, byte for byte (*<>): 1.0 and 1.00 are equal to =, but not to a reader.
-- Parameters: table, key (names), columns (names without the key).
-- Locks the changed rows, and ROW EXCLUSIVE on the table.
UPDATE {{ table | identifier }} AS target
SET
    {% for name in columns %}
    {{ name | identifier }} = staged.{{ name | identifier }}{% if not loop.last %},{% endif %}

    {% endfor %}
FROM pg_temp.pgpipelines_staging AS staged
WHERE
    {% for name in key %}
    target.{{ name | identifier }} = staged.{{ name | identifier }} AND
    {% endfor %}
    -- Without the casts, *<> would be taken column by column.
    ROW({{ columns | identifiers("target") }})::record *<> ROW({{ columns | identifiers("staged") }})::record;
