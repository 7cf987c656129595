-- Streams the whole buckets (charger, hour) of a share. Parameters: none.
-- Bound: business_timezone, max_status_gap, now. Locks nothing.
COPY (
{% include 'rollup/_hours.sql' %}
) TO STDOUT;
