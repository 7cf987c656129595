-- Streams the whole buckets (charger, hour) of a share. Parameters: none.
-- Bound: business_timezone, now. Locks nothing.
COPY (
{% include 'rollup/_hours.sql' %}
) TO STDOUT;
