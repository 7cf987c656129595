-- Makes the partition for times that no other one takes: clocks that are wrong by years, and months not made in time.
-- Parameters: default, table. Locks ACCESS EXCLUSIVE on the partitioned table, for a moment.
CREATE TABLE {{ default | identifier }} PARTITION OF {{ table | identifier }} DEFAULT;
