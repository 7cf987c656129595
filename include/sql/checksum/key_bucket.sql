{# The bucket that a row's key falls into; part of other templates. #}
{# Parameters: key_columns, buckets (a power of two), transcode. #}
{# Neighbouring numbers share a bucket: they were often written, and change, together. #}
{# The operator gets exactly the types that it declares: none of another schema fits better (see row_hash.sql). #}
{% if key_columns | length == 1 and key_columns[0].hashing == 'integer' %}
pg_catalog.hashint8extended(pg_catalog.int8shr({{ key_columns[0].name | identifier }}::int8, 2), 1)
{% else %}
pg_catalog.hash_record_extended(
    ROW(
        {% for column in key_columns %}
        {% include 'checksum/content.sql' %}{% if not loop.last %},{% endif %}

        {% endfor %}
    ), 1
)
{% endif %}
& bigint '{{ buckets - 1 }}'
