{# The bucket that a row's key falls into; part of other templates. #}
{# Parameters: key_columns, buckets (a power of two), transcode. #}
{# The operator gets exactly the types that it declares: none of another schema fits better (see row_hash.sql). #}
pg_catalog.hash_record_extended(
    ROW(
        {% for column in key_columns %}
        {% include 'checksum/content.sql' %}{% if not loop.last %},{% endif %}

        {% endfor %}
    ), 1
) & bigint '{{ buckets - 1 }}'
