-- Stages lines as demo.public_data.records writes them. Parameters: none. Locks the temporary table only.
COPY pg_temp.public_data FROM STDIN (FORMAT csv);
