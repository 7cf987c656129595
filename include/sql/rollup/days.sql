-- Computes days of chargers from their hours, into the temporary table rollup_daily.
-- Parameters, bound: as _days.sql. Locks ACCESS SHARE on the hours.
CREATE TEMPORARY TABLE rollup_daily ON COMMIT DROP AS
{% include 'rollup/_days.sql' %};
