-- Makes room for the source's checksum. Parameters: expected (table). Locks nothing that others see.
DROP TABLE IF EXISTS {{ expected | identifier }};
CREATE TEMPORARY TABLE {{ expected | identifier }} (
    bucket integer NOT NULL,
    rows bigint NOT NULL,
    hash numeric NOT NULL
) ON COMMIT DROP;
