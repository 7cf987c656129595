-- Creates an enum with the labels of the source, in their order. Parameters: name; bound: labels. Locks nothing.
CREATE TYPE {{ name | identifier }} AS ENUM %(labels)s;
