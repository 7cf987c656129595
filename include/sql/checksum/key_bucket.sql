{# The bucket that a row's key falls into; part of other templates. #}
{# Parameters: key_columns, key_hashed (the same, as a checksum.RowHash), buckets (a power of two), transcode. #}
{# Sixteen neighbouring numbers share a bucket: they were often written, and change, together, and a scan that meets #}
{# them together finds their sum in the cache. The next sixteen have the next bucket, so that none gets two sixteens #}
{# before each has one. What is above so many is hashed: all numbers may end in zeros. #}
{# The operators get exactly the types that they declare: none of another schema fits better (see row_hash.sql). #}
{% if buckets == 1 %}
bigint '0'
{%- elif key_columns | length == 1 and key_columns[0].hashing == 'integer' %}
{% set name = key_columns[0].name | identifier %}
(
    pg_catalog.int8shr({{ name }}::int8, 4)
    # pg_catalog.hashint8extended(pg_catalog.int8shr({{ name }}::int8, 22), 1)
) & bigint '{{ buckets - 1 }}'
{%- else %}
{% set hashed = key_hashed %}
{% include 'checksum/row_hash.sql' %} & bigint '{{ buckets - 1 }}'
{%- endif %}
