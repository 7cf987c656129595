-- Lets this transaction see what the exporting one sees; its first statement. Parameters: snapshot. Locks nothing.
SET TRANSACTION SNAPSHOT %(snapshot)s;
