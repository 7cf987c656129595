{# CTEs that write those computed rows of a statistics table that differ from what stands there (`written`); equal #}
{# rows are not touched. Part of other templates. Parameters: statistics, computed (tables), key, columns (names of #}
{# all but the key), returned (names of what is told of the rows that were written). #}
differing AS (
    SELECT new.*
    FROM pg_temp.{{ computed | identifier }} AS new
    LEFT JOIN {{ statistics | identifier }} AS old ON {{ key | matching("old", "new") }}
    WHERE
        old.{{ key[0] | identifier }} IS NULL
        OR ROW({{ columns | identifiers("old") }}) IS DISTINCT FROM ROW({{ columns | identifiers("new") }})
),

written AS (
    INSERT INTO {{ statistics | identifier }} ({{ key | identifiers }}, {{ columns | identifiers }})
    SELECT {{ key | identifiers }}, {{ columns | identifiers }}
    FROM differing
    ON CONFLICT ({{ key | identifiers }}) DO UPDATE
    SET ({{ columns | identifiers }}) = ROW({{ columns | identifiers("excluded") }})
    RETURNING {{ returned | identifiers }}
)
