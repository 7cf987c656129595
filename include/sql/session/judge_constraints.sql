-- Judges what was deferred, now. Parameters: none. Locks ROW SHARE on the tables that rows refer to.
SET CONSTRAINTS ALL IMMEDIATE;
