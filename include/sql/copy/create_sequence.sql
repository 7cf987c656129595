-- Creates the sequence that fills a column by default. Parameters: sequence, type, options. Locks nothing.
CREATE SEQUENCE {{ sequence | identifier }} AS {{ type }} {{ options }};
