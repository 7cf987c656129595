{# The condition of the rows that are read; part of other templates, which may add to it with AND. #}
{# Parameters: selection (where). #}
{% if selection.where is not none %}
(
{{ selection.where }}
)
{%- else %}
true
{%- endif %}
