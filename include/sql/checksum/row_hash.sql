{# The 64-bit hash of a row's content; part of other templates. Parameters: columns, transcode. #}
{# The server's record hash adds up column by column (31 * h + next), so a sum over rows would not notice two values #}
{# that changed places between rows. Hashing it once more makes every row count as a whole; as bytes, because the #}
{# hash of a bigint keeps 32 bits of it. #}
{# Stands beside the user's SQL, which finds names in other schemas too: so calls name theirs. #}
pg_catalog.hash_record_extended(
    ROW(
        pg_catalog.int8send(
            pg_catalog.hash_record_extended(
                ROW(
                    {% for column in columns %}
                    {% include 'checksum/content.sql' %}{% if not loop.last %},{% endif %}

                    {% endfor %}
                ), 0
            )
        )
    ), 0
)
