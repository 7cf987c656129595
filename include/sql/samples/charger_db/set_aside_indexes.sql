-- Takes the plain indexes and the foreign key off power_consumption, which is about to be filled: keeping them up
-- row by row costs more than the rows. put_back_indexes.sql makes them again as they were.
-- Parameters: none.
-- Locks: ACCESS EXCLUSIVE on the table, until the transaction ends; nobody reads it yet.
CREATE TEMPORARY TABLE set_aside ON COMMIT DROP AS
SELECT
    'DROP INDEX ' || indexrelid::regclass AS remove,
    pg_get_indexdef(indexrelid) AS put_back
FROM pg_index
WHERE indrelid = 'power_consumption'::regclass AND NOT indisunique
UNION ALL
SELECT
    'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname),
    'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(conname)
    || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint
WHERE conrelid = 'power_consumption'::regclass AND contype = 'f';

DO $set_aside$
DECLARE
    statement text;
BEGIN
    FOR statement IN SELECT remove FROM set_aside LOOP
        EXECUTE statement;
    END LOOP;
END
$set_aside$;
