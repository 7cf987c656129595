-- Takes the keys and hashes of the source's rows in. Parameters: none. Locks nothing that others see.
COPY pg_temp.pgpipelines_expected_rows FROM STDIN
