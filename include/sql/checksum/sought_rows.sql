{# The rows of some buckets, found by the index of a key that is one number; part of other templates. #}
{# Parameters: selection (table, only), key_columns, buckets (a power of two); bound: chosen_buckets. #}
{# Turns checksum/key_bucket.sql round: in each slice of the numbers, as many sixteens as there are buckets, a bucket #}
{# has one sixteen. That it has no more than sixteen rows is said for the planner's sake. #}
{% set rows = selection.table | identifier(only=selection.only) %}
{% set name = key_columns[0].name | identifier %}
(
    SELECT
        pg_catalog.int8shl(
            slice
            | ((bucket # pg_catalog.hashint8extended(pg_catalog.int8shr(slice, 18), 1)) & bigint '{{ buckets - 1 }}'), 4
        ) AS "pgpipelines first"
    FROM pg_catalog.unnest(%(chosen_buckets)s::bigint []) AS bucket
    CROSS JOIN pg_catalog.generate_series(
        (SELECT pg_catalog.int8shr(pg_catalog.min({{ name }})::int8, 4) FROM {{ rows }}) & (- bigint '{{ buckets }}'),
        (SELECT pg_catalog.int8shr(pg_catalog.max({{ name }})::int8, 4) FROM {{ rows }}),
        bigint '{{ buckets }}'
    ) AS slice
    ORDER BY 1
) AS sought
CROSS JOIN LATERAL (
    SELECT *
    FROM {{ rows }}
    WHERE {{ name }} >= "pgpipelines first" AND {{ name }} <= ("pgpipelines first" | bigint '15')
    ORDER BY {{ name }}
    LIMIT bigint '16'
) AS {{ selection.table.name | identifier }}
