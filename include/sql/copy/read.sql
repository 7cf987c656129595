{# Streams the rows that this snapshot sees. Locks ACCESS SHARE on what is read. #}
{# Parameters: selection, leaf (one partition or child, or none), columns (names), pages (whether only some pages of #}
{# the leaf are read; bound: first_page, and end_page, which may be NULL), whole (a plain COPY of the table reads #}
{# every row), binary. #}
COPY
{% if whole %}
{{ selection.table | identifier }} ({{ columns | identifiers }})
{%- else %}
(
    SELECT {{ columns | identifiers }}
    FROM {% include 'copy/selected.sql' %}

    WHERE {% include 'copy/selected_rows.sql' %}

    {% if pages %}
    AND ctid >= pg_catalog.format('(%%s,0)', %(first_page)s)::tid
    AND ctid < pg_catalog.format('(%%s,0)', %(end_page)s)::tid
    {% endif %}
)
{%- endif %}
 TO STDOUT (FORMAT {% if binary %}binary{% else %}text{% endif %})
