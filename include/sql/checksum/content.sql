{# The expression of one column that is equal exactly where a reader sees equal content; part of other templates. #}
{# Parameters: column (name, hashing), transcode (source and target store text in other encodings). #}
{% set name = column.name | identifier %}
{% if column.hashing == 'native' %}
{{ name }}
{%- elif column.hashing == 'float' %}
{# -0 is told from 0, and every NaN is one NaN whatever its bits. #}
float8send(CASE WHEN {{ name }} = 'NaN' THEN 'NaN' ELSE {{ name }}::float8 END)
{%- elif column.hashing == 'number' %}
{# 1.0 and 1.00 hash alike: the scale tells them apart. #}
{{ name }}, scale({{ name }})
{%- elif transcode %}
convert_to({% if column.hashing == 'padded' %}textin(bpcharout({{ name }})){% else %}{{ name }}::text{% endif %}, 'UTF8')
{%- elif column.hashing == 'padded' %}
{# A cast to text would drop the blanks that char without a length keeps. #}
textin(bpcharout({{ name }})) COLLATE "C"
{%- else %}
{{ name }}::text COLLATE "C"
{%- endif %}
