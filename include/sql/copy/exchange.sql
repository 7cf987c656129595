-- Puts the staged rows in the place of all rows whose content has one of the wanted hashes: what a table without a key
-- allows. Parameters: table, only (not those that inherit from it), staging, wanted (tables), names (of the columns),
-- and as in checksum/rows.sql.
-- Locks the rows that it writes, and ROW EXCLUSIVE on the table.
WITH hashed AS (
    SELECT
        tableoid AS "pgpipelines table",
        ctid AS "pgpipelines place",
        {% include 'checksum/row_hash.sql' %} AS "pgpipelines hash"
    FROM {{ table | identifier(only=only) }}
    OFFSET 0
),

deleted AS (
    DELETE FROM {{ table | identifier(only=only) }} AS target
    USING hashed
    INNER JOIN {{ wanted | identifier }} AS wanted ON hashed."pgpipelines hash" = wanted."pgpipelines hash"
    WHERE target.tableoid = hashed."pgpipelines table" AND target.ctid = hashed."pgpipelines place"
    RETURNING 1
),

inserted AS (
    INSERT INTO {{ table | identifier }} ({{ names | identifiers }})
    OVERRIDING SYSTEM VALUE
    SELECT {{ names | identifiers }}
    FROM {{ staging | identifier }}
    WHERE (SELECT count(*) FROM deleted) >= 0
    RETURNING 1
)

SELECT
    (SELECT count(*) FROM inserted) AS inserted,
    0 AS updated,
    (SELECT count(*) FROM deleted) AS deleted;
