{# The condition that a row is of a charger of this share. Part of other templates. Parameters: row (its alias), #}
{# nameless (whether rows that name no charger count: they belong to the first share). Bound: first_charger (empty in #}
{# the first share), end_charger (null in the last). #}
{% if nameless %}
coalesce({{ row | identifier }}.charger_id, '') >= %(first_charger)s
AND (%(end_charger)s::text IS NULL OR coalesce({{ row | identifier }}.charger_id, '') < %(end_charger)s)
{% else %}
{{ row | identifier }}.charger_id >= %(first_charger)s
AND (%(end_charger)s::text IS NULL OR {{ row | identifier }}.charger_id < %(end_charger)s)
{% endif %}
