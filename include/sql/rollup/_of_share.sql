{# The condition that a row of charger_usage_log (s) is of a charger of this share; part of other templates. #}
{# Parameters: sharers (how many), share (which, from 0 on). #}
{% if sharers > 1 %}
(hashtext(coalesce(s.charger_id, '')) & 2147483647) %% {{ sharers }} = {{ share }}
{% else %}
true
{% endif %}
