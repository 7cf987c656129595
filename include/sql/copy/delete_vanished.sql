-- Lets the rows go that were wanted and that the source doesn't have, where they had to wait for other tables.
-- Parameters: table, only (not those that inherit from it), staging, wanted (tables), key (names).
-- Locks the rows, and ROW EXCLUSIVE on the table.
DELETE FROM {{ table | identifier(only=only) }} AS target
USING {{ wanted | identifier }} AS wanted
WHERE
    {{ key | matching("target", "wanted") }}
    AND NOT EXISTS (
        SELECT FROM {{ staging | identifier }} AS staged
        WHERE {{ key | matching("wanted", "staged") }}
    );
