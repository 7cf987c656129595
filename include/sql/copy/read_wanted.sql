-- Streams the rows with some keys, each with its hash; without a key, all rows whose hash is among some.
-- Parameters: selection, columns, key_columns, key_types (as the source writes them), transcode, binary; bound: key_1,
-- key_2 … (lists of text).
-- Locks ACCESS SHARE on what is read.
{% if key_columns %}
COPY (
    SELECT
        {{ columns | map(attribute='name') | identifiers }},
        {% include 'checksum/row_hash.sql' %}

    FROM {% include 'copy/selected.sql' %}

    WHERE {% include 'copy/selected_rows.sql' %}

    AND ({{ key_columns | map(attribute='name') | identifiers }}) IN (
        SELECT
            {% for column in key_columns %}
            wanted.{{ ("key " ~ loop.index) | identifier }}::{{ key_types[loop.index0] }}{% if not loop.last %},{% endif %}

            {% endfor %}
        FROM unnest(
            {%- for column in key_columns %}%(key_{{ loop.index }})s::text []{% if not loop.last %}, {% endif %}{% endfor -%}
        ) AS wanted (
            {%- for column in key_columns %}{{ ("key " ~ loop.index) | identifier }}{% if not loop.last %}, {% endif %}{% endfor -%}
        )
    )
    ORDER BY {{ key_columns | map(attribute='name') | identifiers }}
) TO STDOUT (FORMAT {% if binary %}binary{% else %}text{% endif %})
{% else %}
COPY (
    SELECT * FROM (
        SELECT
            {{ columns | map(attribute='name') | identifiers }},
            {% include 'checksum/row_hash.sql' %} AS "pgpipelines hash"
        FROM {% include 'copy/selected.sql' %}

        WHERE {% include 'copy/selected_rows.sql' %}

        OFFSET 0
    ) AS hashed
    WHERE "pgpipelines hash" = ANY(%(key_1)s::bigint [])
) TO STDOUT (FORMAT {% if binary %}binary{% else %}text{% endif %})
{% endif %}
