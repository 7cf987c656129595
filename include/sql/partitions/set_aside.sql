-- Puts the plain table, with its indexes, into the package's schema, so that the partitioned one can have its name.
-- Parameters: table. Locks ACCESS EXCLUSIVE on the table until the transaction ends.
ALTER TABLE {{ table | identifier }} SET SCHEMA pgpipelines;
