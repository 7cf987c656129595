-- Streams the days of a share of the chargers. Parameters, bound: as _days.sql. Locks ACCESS SHARE on the hours.
COPY (
{% include 'rollup/_days.sql' %}
) TO STDOUT;
