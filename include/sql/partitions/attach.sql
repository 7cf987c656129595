-- Makes a table the partition of a month.
-- Parameters: table, month; bound: from_time, until_time.
-- Locks SHARE UPDATE EXCLUSIVE on the partitioned table, whose readers and writers go on, and ACCESS EXCLUSIVE on the
-- month and on the default partition, which is read once; with a foreign key, SHARE ROW EXCLUSIVE on the table that it
-- points to.
ALTER TABLE {{ table | identifier }}
ATTACH PARTITION {{ month | identifier }} FOR VALUES FROM (%(from_time)s) TO (%(until_time)s);
