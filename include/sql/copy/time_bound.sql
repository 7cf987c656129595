-- The earliest time that a row may bear which this snapshot does not show.
-- Whoever writes such a row began no longer ago than the oldest transaction that was open. By the clock that set the
-- highest time seen, that was so long before it; by a clock that is right, at that moment. A time without zone is
-- any zone's: none is more than 12 hours behind UTC, and so no summer time that ends sets it back further.
-- What an earlier run found stays true. Parameters: has_zone; bound: highest, kept_highest, kept_bound (may be NULL),
-- at (clock at the snapshot), oldest (start of the oldest transaction). Locks nothing.
{% set type = 'timestamptz' if has_zone else 'timestamp' %}
WITH known AS (
    SELECT
        %(highest)s::{{ type | identifier }} AS highest,
        %(kept_highest)s::{{ type | identifier }} AS kept_highest,
        %(kept_bound)s::{{ type | identifier }} AS kept_bound,
        %(at)s::timestamptz - %(oldest)s::timestamptz AS open_for,
        {% if has_zone %}
        %(oldest)s::timestamptz AS earliest
        {% else %}
        %(oldest)s::timestamptz AT TIME ZONE 'UTC' - interval '12 hours' AS earliest
        {% endif %}
),

compared AS (
    SELECT
        known.*,
        kept_highest IS NOT NULL AND (highest IS NULL OR highest < kept_highest) AS backwards
    FROM known
)

SELECT
    backwards,
    greatest(
        CASE WHEN NOT backwards THEN kept_bound END,
        CASE
            WHEN highest < '4000-01-01 BC' THEN '-infinity'  -- where the calendar begins, nothing can be subtracted
            WHEN highest IS NOT NULL THEN least(highest - open_for, earliest)
        END
    )::text AS bound
FROM compared;
