{# The condition that a row is of a charger of this share; sessions that name none belong to the first. Part of other #}
{# templates. Parameters: row (its alias). Bound: first_charger (empty in the first share), end_charger (null in the #}
{# last). #}
coalesce({{ row | identifier }}.charger_id, '') >= %(first_charger)s
AND (%(end_charger)s::text IS NULL OR coalesce({{ row | identifier }}.charger_id, '') < %(end_charger)s)
