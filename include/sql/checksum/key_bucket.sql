{# The bucket that a row's key falls into; part of other templates. #}
{# Parameters: key_columns, buckets (a power of two), transcode. #}
hash_record_extended(
    ROW(
        {% for column in key_columns %}
        {% include 'checksum/content.sql' %}{% if not loop.last %},{% endif %}

        {% endfor %}
    ), 1
) & {{ buckets - 1 }}
