-- The large objects: how many, their bytes, and a hash of their content. A page that was never written and one of
-- zeros read alike, so zeros at a page's end do not count; where an object ends does.
-- Parameters: none. Locks ACCESS SHARE on pg_largeobject.
WITH pages AS (
    SELECT
        loid,
        pageno,
        length(data) AS bytes,
        rtrim(data, '\x00'::bytea) AS content
    FROM pg_largeobject
),

objects AS (
    SELECT
        m.oid,
        coalesce(max(p.pageno * current_setting('block_size')::bigint / 4 + p.bytes), 0) AS bytes,
        coalesce(
            sum(hash_record_extended(ROW(p.pageno, p.content), 1)) FILTER (WHERE length(p.content) > 0), 0
        ) AS hash
    FROM pg_largeobject_metadata AS m
    LEFT JOIN pages AS p ON m.oid = p.loid
    GROUP BY m.oid
)

SELECT
    count(*) AS objects,
    coalesce(sum(bytes), 0)::bigint AS bytes,
    coalesce(sum(hash_record_extended(ROW(oid, bytes, hash::text), 1)), 0) AS hash
FROM objects;
