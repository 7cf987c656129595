-- Judges constraints that are DEFERRABLE at the end of the transaction: rows may come before those that they refer to,
-- in other tables of a group or other partitions of their own. Parameters: none. Locks nothing.
SET CONSTRAINTS ALL DEFERRED;
