-- Takes the source's checksum in. Parameters: expected (table). Locks nothing that others see.
COPY {{ expected | identifier }} FROM STDIN
