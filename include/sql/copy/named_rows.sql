-- Some of the wanted keys, and what is wrong with the rows, to name them: rows that are there too often first, for they
-- are what a merge can't mend. Parameters: wanted (table), key (names);
-- bound: most (how many). Locks nothing that others see.
SELECT
    {% if key %}ROW({{ key | identifiers }})::text{% else %}'row with hash ' || "pgpipelines hash"{% endif %} AS key,
    "pgpipelines kind" AS kind
FROM {{ wanted | identifier }}
ORDER BY "pgpipelines kind" IN ('repeated', 'ambiguous') DESC, 1
LIMIT %(most)s;
