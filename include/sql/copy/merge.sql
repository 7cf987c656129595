-- Makes the target's rows equal to the staged ones, and lets those go that were wanted and that the source doesn't
-- have. Rows that are equal already are not touched.
-- All of it is one statement, so that foreign keys, the table's own too, are judged by its end. Inside, rows go before
-- others change, and those change before rows come (each step counts the one before): a unique value may move from
-- row to row. Displaced rows go and come back, with what the target alone knows of them.
-- Rows differ byte for byte (*<>): 1.0 and 1.00 are equal to =, but not to a reader. Without the casts to record, *<>
-- would be taken column by column.
-- Parameters: table, only (not those that inherit from it), staging, wanted, displaced, in_the_way (tables), key
-- (names), columns (names), changeable (names of those that UPDATE may set), any_displaced (whether there are any),
-- kept (names of the target's own columns), later (whether other tables of the group may still refer to the rows that
-- go: now only those in the way go).
-- Locks the rows that it writes, and ROW EXCLUSIVE on the table.
WITH deleted AS (
    DELETE FROM {{ table | identifier(only=only) }} AS target
    USING {{ wanted | identifier }} AS wanted
    WHERE
        {{ key | matching("target", "wanted") }}
        AND NOT EXISTS (
            SELECT FROM {{ staging | identifier }} AS staged
            WHERE {{ key | matching("wanted", "staged") }}
        )
        {% if later %}
        AND EXISTS (
            SELECT FROM {{ in_the_way | identifier }} AS in_the_way
            WHERE {{ key | matching("wanted", "in_the_way") }}
        )
        {% endif %}
    RETURNING 1
),

displaced AS (
    {% if any_displaced %}
    DELETE FROM {{ table | identifier(only=only) }} AS target
    USING {{ displaced | identifier }} AS displaced
    WHERE {{ key | matching("target", "displaced") }}
    RETURNING {{ (key + kept) | identifiers("target") }}
    {% else %}
    SELECT 1 WHERE false
    {% endif %}
),

updated AS (
    {% if changeable %}
    UPDATE {{ table | identifier(only=only) }} AS target
    SET
        {% for name in changeable %}
        {{ name | identifier }} = staged.{{ name | identifier }}{% if not loop.last %},{% endif %}

        {% endfor %}
    FROM {{ staging | identifier }} AS staged
    WHERE
        (SELECT count(*) FROM deleted) + (SELECT count(*) FROM displaced) >= 0
        AND {{ key | matching("target", "staged") }}
        AND ROW({{ changeable | identifiers("target") }})::record
        *<> ROW({{ changeable | identifiers("staged") }})::record
        {% if any_displaced %}
        AND NOT EXISTS (
            SELECT FROM {{ displaced | identifier }} AS displaced
            WHERE {{ key | matching("target", "displaced") }}
        )
        {% endif %}
    RETURNING staged.ctid AS place
    {% else %}
    SELECT NULL::tid AS place WHERE (SELECT count(*) FROM deleted) < 0
    {% endif %}
),

inserted AS (
    INSERT INTO {{ table | identifier }} ({{ columns | identifiers }})
    OVERRIDING SYSTEM VALUE
    SELECT {{ columns | identifiers("staged") }}
    -- Rows that were met are not looked up once more: that would be a tenth of the time. OFFSET has the planner leave
    -- them out first; what is DISTINCT it hashes, as it knows that it is, where it would sort all that is staged.
    FROM (
        SELECT staged.*
        FROM {{ staging | identifier }} AS staged
        WHERE NOT EXISTS (
            SELECT FROM (SELECT DISTINCT updated.place FROM updated) AS met
            WHERE staged.ctid = met.place
        )
        OFFSET 0
    ) AS staged
    WHERE
        (SELECT count(*) FROM updated) >= 0
        AND NOT EXISTS (
            SELECT FROM {{ table | identifier(only=only) }} AS target
            WHERE {{ key | matching("target", "staged") }}
        )
    RETURNING 1
),

returned AS (
    {% if any_displaced %}
    INSERT INTO {{ table | identifier }} ({{ (columns + kept) | identifiers }})
    OVERRIDING SYSTEM VALUE
    SELECT {{ columns | identifiers("staged") }}{% if kept %}, {{ kept | identifiers("displaced") }}{% endif %}

    FROM {{ staging | identifier }} AS staged
    INNER JOIN displaced ON {{ key | matching("displaced", "staged") }}
    WHERE (SELECT count(*) FROM updated) >= 0
    RETURNING 1
    {% else %}
    SELECT 1 WHERE false
    {% endif %}
)

SELECT
    (SELECT count(*) FROM inserted) AS inserted,
    (SELECT count(*) FROM updated) + (SELECT count(*) FROM returned) AS updated,
    (SELECT count(*) FROM deleted) AS deleted;
