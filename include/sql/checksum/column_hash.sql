{# The 64-bit hash of one column, null where the column is; part of other templates. #}
{# Parameters: column (with an expression here), seed (of this column alone), transcode. #}
{# What the server's own functions lose is added: they fold the 64 bits of an integer or a timestamp into 32. Two #}
{# timestamps that they take for one are seconds apart, and tsrange_subdiff counts seconds. #}
{% if column.hashing == 'integer' %}
pg_catalog.hashint8extended({% include 'checksum/content.sql' %}, bigint '{{ seed }}') # {% include 'checksum/content.sql' %}
{% elif column.hashing == 'float' %}
pg_catalog.hashfloat8extended({% include 'checksum/content.sql' %}, bigint '{{ seed }}')
{% elif column.hashing == 'signed' %}
pg_catalog.hash_numeric_extended({% include 'checksum/content.sql' %}, bigint '{{ seed }}')
{% elif column.hashing == 'timestamp' %}
pg_catalog.timestamp_hash_extended({% include 'checksum/content.sql' %}, bigint '{{ seed }}')
# pg_catalog.tsrange_subdiff({% include 'checksum/content.sql' %}, timestamp '2000-01-01')::int8
{% elif column.hashing == 'date' %}
pg_catalog.hashfloat8extended(
    pg_catalog.daterange_subdiff({% include 'checksum/content.sql' %}, date '2000-01-01'), bigint '{{ seed }}'
)
{% elif column.hashing == 'uuid' %}
pg_catalog.uuid_hash_extended({% include 'checksum/content.sql' %}, bigint '{{ seed }}')
{% else %}
pg_catalog.hashtextextended({% include 'checksum/content.sql' %}, bigint '{{ seed }}')
{% endif %}
