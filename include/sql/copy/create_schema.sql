-- Creates a schema. Parameters: schema. Locks nothing.
CREATE SCHEMA {{ schema | identifier }};
