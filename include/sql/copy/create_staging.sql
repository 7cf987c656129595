-- Makes the staging table: the target's columns without its constraints, gone with the transaction.
-- Parameters: table, columns (names). Locks ACCESS SHARE on the target.
CREATE TEMPORARY TABLE pgpipelines_staging ON COMMIT DROP AS
SELECT {{ columns | identifiers }}
FROM {{ table | identifier }}
WITH NO DATA;
