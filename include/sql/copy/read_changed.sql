-- Streams the rows that changed since the last run, each with its hash.
-- Parameters: selection, columns, transcode, binary, change (see copy/changed.sql, and what it binds).
-- Locks ACCESS SHARE on what is read.
COPY (
    SELECT
        {{ columns | map(attribute='name') | identifiers }},
        {% include 'checksum/row_hash.sql' %}

    FROM {% include 'copy/selected.sql' %}

    WHERE {% include 'copy/selected_rows.sql' %}

    AND ({% include 'copy/changed.sql' %})
) TO STDOUT (FORMAT {% if binary %}binary{% else %}text{% endif %})
