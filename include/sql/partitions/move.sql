-- Moves the rows of a month out of the default partition into the table that is to become the month's partition.
-- The rows stay what they are, so no trigger is told: not even those that note what statistics are to be computed
-- again.
-- Parameters: default, month, key; bound: from_time, until_time.
-- Locks SHARE ROW EXCLUSIVE on the default partition, until the transaction ends: its readers go on.
ALTER TABLE {{ default | identifier }} DISABLE TRIGGER USER;

WITH moved AS (
    DELETE FROM {{ default | identifier }}
    WHERE {{ key | identifier }} >= %(from_time)s AND {{ key | identifier }} < %(until_time)s
    RETURNING *
)

INSERT INTO {{ month | identifier }}
SELECT * FROM moved;

ALTER TABLE {{ default | identifier }} ENABLE TRIGGER USER;
