-- Streams the rows that changed since the last run, each with its hash; with a key and `chosen` only those of some
-- buckets, in the order of their keys: what lies together is written together.
-- Parameters: selection, columns, transcode, binary, change (see copy/changed.sql, and what it binds), chosen (then
-- key_columns and buckets too; bound: chosen_buckets).
-- Locks ACCESS SHARE on what is read.
COPY (
    SELECT
        {{ columns | map(attribute='name') | identifiers }},
        {% include 'checksum/row_hash.sql' %}

    FROM {% include 'copy/selected.sql' %}

    WHERE {% include 'copy/selected_rows.sql' %}

    AND ({% include 'copy/changed.sql' %})
    {% if chosen %}
    AND {% include 'checksum/key_bucket.sql' %} = ANY(%(chosen_buckets)s::bigint [])
    ORDER BY {{ key_columns | map(attribute='name') | identifiers }}
    {% endif %}
) TO STDOUT (FORMAT {% if binary %}binary{% else %}text{% endif %})
