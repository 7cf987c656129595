{# Every row of a table as its 64-bit hash and its bucket; part of other templates. #}
{# Parameters: table, columns, key_columns (may be empty), buckets (a power of two), transcode, named (add the key). #}
{# The server's record hash adds up column by column (31 * h + next), so a sum over rows would not notice two values #}
{# that changed places between rows. Hashing it once more makes every row count as a whole; as bytes, because the #}
{# hash of a bigint keeps 32 bits of it. #}
SELECT
    {% if named %}
    {% if key_columns %}ROW({{ key_columns | map(attribute='name') | identifiers }})::text{% else %}NULL::text{% endif %} AS key,
    {% endif %}
    {% if key_columns %}
    hash_record_extended(
        ROW(
            {% for column in key_columns %}
            {% include 'checksum/content.sql' %}{% if not loop.last %},{% endif %}

            {% endfor %}
        ), 1
    ) & {{ buckets - 1 }} AS bucket,
    {% else %}
    NULL::bigint AS bucket,
    {% endif %}
    hash_record_extended(
        ROW(
            int8send(
                hash_record_extended(
                    ROW(
                        {% for column in columns %}
                        {% include 'checksum/content.sql' %}{% if not loop.last %},{% endif %}

                        {% endfor %}
                    ), 0
                )
            )
        ), 0
    ) AS hash
FROM {{ table | identifier }}
{# Keeps the planner from merging this into the query around it: it would take the number of buckets for the number #}
{# of rows, and sort whole rows on disk. A bigint from the start, or no worker would be used. #}
OFFSET bigint '0'
