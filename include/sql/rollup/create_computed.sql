-- Makes an empty temporary table for streamed rows. Parameters: name, like (the table they are to stand in), columns.
-- Locks ACCESS SHARE on that table.
CREATE TEMPORARY TABLE {{ name | identifier }} ON COMMIT DROP AS
SELECT {{ columns | identifiers }} FROM {{ like | identifier }} WITH NO DATA;
