{# What rows of a raw table come to: how many, and for sessions their energy (Wh) and revenue (KRW). #}
{# Part of other templates. Parameters: sessions (whether the rows are sessions, or samples). #}
count(*) AS rows,
{% if sessions %}
coalesce(sum(round(energy_delivered * 1000)), 0) AS energy_wh,
coalesce(
    sum(
        coalesce(
            total_charge,
            coalesce(base_charge, 0) + coalesce(energy_charge, 0)
            + coalesce(time_charge, 0) + coalesce(parking_charge, 0)
        )
    ),
    0
) AS revenue
{% else %}
NULL::numeric AS energy_wh,
NULL::numeric AS revenue
{% endif %}
