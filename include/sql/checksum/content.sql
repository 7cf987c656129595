{# The content of one column: equal hashes mean that a reader sees the same, with what checksum/column_hash.sql adds; #}
{# part of other templates. #}
{# Parameters: column (name, hashing, printer, base), transcode (source and target store text in other encodings). #}
{# Where the target's type is the wider one, both sides are hashed as that type: hence the casts. #}
{% set name = column.name | identifier %}
{% if column.hashing == 'native' %}
{{ name }}
{%- elif column.hashing == 'integer' %}
{{ name }}::int8
{%- elif column.hashing == 'float' %}
{{ name }}::float8
{%- elif column.hashing == 'signed' %}
{{ name }}::numeric
{%- elif column.hashing in ('timestamp', 'date', 'uuid') %}
{{ name }}::{{ column.hashing | identifier }}
{%- elif column.hashing == 'sent' %}
pg_catalog.{{ column.printer | identifier }}({{ name }}::{{ column.base | identifier }})
{%- else %}
{% if transcode %}pg_catalog.convert_to({% endif %}
{% if column.hashing == 'printed' %}pg_catalog.textin(pg_catalog.{{ column.printer | identifier }}({{ name }})){% else %}{{ name }}::text{% endif %}
{% if transcode %}, 'UTF8'){% else %} COLLATE "C"{% endif %}
{%- endif %}
