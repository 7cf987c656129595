-- Makes a database of the same content as another. Not in a transaction. Parameters: database, original.
-- Locks: nobody may be connected to the original.
CREATE DATABASE {{ database | identifier }} TEMPLATE {{ original | identifier }} STRATEGY file_copy;
