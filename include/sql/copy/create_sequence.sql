-- Creates the sequence behind a serial column. Parameters: sequence, type. Locks nothing.
CREATE SEQUENCE {{ sequence | identifier }} AS {{ type }};
