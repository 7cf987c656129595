{# Every row of a selection as its 64-bit hash, behind its key; part of other templates. #}
{# Parameters: selection, columns, key_columns (may be empty), transcode, buckets (a power of two), keyed (show the #}
{# key), chosen (only rows of some buckets; bound: chosen_buckets), sought (look for these by the key's index). #}
SELECT
    {% if keyed and key_columns %}
    {{ key_columns | map(attribute='name') | identifiers }},
    {% endif %}
    {% if not keyed and key_columns %}
    {% include 'checksum/key_bucket.sql' %} AS "pgpipelines bucket",
    {% endif %}
    {% include 'checksum/row_hash.sql' %} AS "pgpipelines hash"
FROM {% if sought %}{% include 'checksum/sought_rows.sql' %}{% else %}{% include 'copy/selected.sql' %}{% endif %}

WHERE {% include 'copy/selected_rows.sql' %}

{% if chosen and key_columns and not sought %}
AND {% include 'checksum/key_bucket.sql' %} = ANY(%(chosen_buckets)s::bigint [])
{% endif %}
{# Keeps the planner from merging this into the query around it: it would take the number of buckets for the number #}
{# of rows, and sort whole rows on disk. A bigint from the start, or no worker would be used. #}
OFFSET bigint '0'
