-- Streams the whole buckets (charger, hour) of a share. Parameters: none. Bound: business_timezone, source_timezone,
-- max_status_gap, earliest_start, now. Locks nothing.
COPY (
{% include 'rollup/_hours.sql' %}
) TO STDOUT;
