{# The 64-bit hash of a row's content; part of other templates. #}
{# Parameters: hashed (its columns, by how they are hashed: checksum.RowHash), transcode. #}
{# Equal exactly where a reader sees equal content: the exclusive or of the columns' hashes, each with a seed of its #}
{# own. Columns of other types are hashed together, as a record: that of a single boolean has the hash of its number, #}
{# which is found faster. The server's hash of a numeric forgets its sign, and that of a float the sign of a zero: #}
{# where a row has any, all of its signs are hashed too. #}
{# Stands beside the user's SQL, which finds names in other schemas too: so calls name theirs, and operators get #}
{# exactly the types that they declare. #}
(
    bigint '0'
    {% for seeded in hashed.alone %}
    {% set column = seeded.column %}
    {% set seed = seeded.seed %}
    # coalesce(
        {% include 'checksum/column_hash.sql' %}, 0
    )
    {% endfor %}
    {% if hashed.single_boolean %}
    {% set column = hashed.single_boolean %}
    # coalesce(
        pg_catalog.hashint4extended({% include 'checksum/content.sql' %}::int4, bigint '{{ hashed.together.seed }}'), 0
    )
    {% elif hashed.together.columns %}
    # pg_catalog.hash_record_extended(
        ROW(
            {% for column in hashed.together.columns %}
            {% include 'checksum/content.sql' %}{% if not loop.last %},{% endif %}

            {% endfor %}
        ), bigint '{{ hashed.together.seed }}'
    )
    {% endif %}
    {% if hashed.signed.columns %}
    # CASE
        WHEN {% for column in hashed.signed.columns %}{% include 'checksum/content.sql' %} < numeric '0'{% if not loop.last %} OR {% endif %}{% endfor %}

            THEN pg_catalog.hash_array_extended(
                ARRAY[{% for column in hashed.signed.columns %}{% include 'checksum/content.sql' %} < numeric '0'{% if not loop.last %}, {% endif %}{% endfor %}],
                bigint '{{ hashed.signed.seed }}'
            )
        ELSE 0
    END
    {% endif %}
    {% if hashed.floats.columns %}
    # CASE
        WHEN {% for column in hashed.floats.columns %}{% include 'checksum/content.sql' %} = float8 '0'{% if not loop.last %} OR {% endif %}{% endfor %}

            THEN pg_catalog.hash_array_extended(
                ARRAY[{% for column in hashed.floats.columns %}{% include 'checksum/content.sql' %} = float8 '0' AND {% include 'checksum/content.sql' %}::text = text '-0'{% if not loop.last %}, {% endif %}{% endfor %}],
                bigint '{{ hashed.floats.seed }}'
            )
        ELSE 0
    END
    {% endif %}
)
