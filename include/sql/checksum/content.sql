{# The expression of one column that is equal exactly where a reader sees equal content; part of other templates. #}
{# Parameters: column (name, hashing, printer, base), transcode (source and target store text in other encodings). #}
{# Where the target's type is the wider one, both sides are hashed as that type: hence the casts. #}
{% set name = column.name | identifier %}
{% if column.hashing == 'native' %}
{{ name }}
{%- elif column.hashing == 'float' %}
{# -0 is told from 0, and every NaN is one NaN whatever its bits. #}
pg_catalog.float8send(CASE WHEN {{ name }}::float8 = 'NaN' THEN 'NaN' ELSE {{ name }}::float8 END)
{%- elif column.hashing == 'sent' %}
pg_catalog.{{ column.printer | identifier }}({{ name }}::{{ column.base | identifier }})
{%- else %}
{% if transcode %}pg_catalog.convert_to({% endif %}
{% if column.hashing == 'printed' %}pg_catalog.textin(pg_catalog.{{ column.printer | identifier }}({{ name }})){% else %}{{ name }}::text{% endif %}
{% if transcode %}, 'UTF8'){% else %} COLLATE "C"{% endif %}
{%- endif %}
