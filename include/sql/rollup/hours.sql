-- Computes whole buckets (charger, hour) into the temporary table rollup_hour.
-- Parameters: none. Bound: business_timezone, now. Locks nothing.
CREATE TEMPORARY TABLE rollup_hour ON COMMIT DROP AS
{% include 'rollup/_hours.sql' %};
