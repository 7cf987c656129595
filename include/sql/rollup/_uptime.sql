{# The share of the known time, apart from maintenance, in which a charger was up: percent with two decimals, null #}
{# where nothing is known. Part of other templates, about the columns up_seconds and down_seconds of `d`. #}
round(10000.0 * d.up_seconds / nullif(d.up_seconds + d.down_seconds, 0)) / 100::float8
