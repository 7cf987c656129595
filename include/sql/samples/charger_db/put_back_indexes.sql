-- Makes the indexes and foreign keys again that set_aside_indexes.sql has taken off, each in one pass.
-- Parameters: none.
-- Locks: ACCESS EXCLUSIVE on the table, held since set_aside_indexes.sql.
DO $put_back$
DECLARE
    statement text;
BEGIN
    FOR statement IN SELECT put_back FROM set_aside LOOP
        EXECUTE statement;
    END LOOP;
END
$put_back$;
DROP TABLE set_aside;
