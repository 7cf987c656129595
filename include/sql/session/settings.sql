-- Pins every setting that decides how this session reads, writes and prints values, so that two servers agree.
-- Does nothing, and returns no row, in another backend than the one expected: a pooler may have chosen it, for this
-- statement only, among those that others use too.
-- Parameters: statement_timeout, lock_timeout (milliseconds), backend (process id). Locks nothing.
SELECT
    set_config('TimeZone', 'UTC', false),
    set_config('DateStyle', 'ISO, YMD', false),
    set_config('IntervalStyle', 'postgres', false),
    set_config('extra_float_digits', '1', false),
    set_config('bytea_output', 'hex', false),
    set_config('lc_monetary', 'C', false),
    set_config('xmloption', 'content', false),
    set_config('array_nulls', 'on', false),
    set_config('standard_conforming_strings', 'on', false),
    set_config('quote_all_identifiers', 'off', false),
    -- A policy that hides rows becomes an error instead of a smaller copy.
    set_config('row_security', 'off', false),
    -- Every name is written with its schema, by us and by the server's own functions.
    set_config('search_path', 'pg_catalog', false),
    set_config('jit', 'off', false),
    set_config('statement_timeout', %(statement_timeout)s::text, false),
    set_config('lock_timeout', %(lock_timeout)s::text, false),
    -- One session holds locks and a snapshot while others work.
    set_config('idle_in_transaction_session_timeout', '0', false),
    set_config('idle_session_timeout', '0', false),
    -- PostgreSQL 17 and later.
    CASE
        WHEN current_setting('transaction_timeout', true) IS NOT NULL
            THEN set_config('transaction_timeout', '0', false)
    END
WHERE pg_backend_pid() = %(backend)s;
