-- Makes the temporary table rollup_hour, empty, for streamed hours. Parameters: hourly, columns. Locks nothing.
CREATE TEMPORARY TABLE rollup_hour ON COMMIT DROP AS
SELECT {{ columns | identifiers }} FROM {{ hourly | identifier }} WITH NO DATA;
