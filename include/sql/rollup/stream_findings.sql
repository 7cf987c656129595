-- Streams what was found in a share. Parameters: none. Locks nothing.
COPY pg_temp.rollup_finding TO STDOUT;
