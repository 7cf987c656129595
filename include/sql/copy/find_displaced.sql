-- Finds the target's rows that hold a unique value which a staged row with another key is about to take: among the
-- staged rows themselves, among those that go, or (`unknown`) the others, of which only the source knows.
-- With `identities`, also the staged rows that differ in a column that is GENERATED ALWAYS AS IDENTITY.
-- Parameters: into (table), kind (added to each key; none for no such column), table, only (not those that inherit
-- from it), staging, wanted (tables), key (names), uniques (as in copy/held_values.sql), identities (names; not
-- both empty), among ('staged', 'vanished' or 'unknown').
-- Locks ACCESS SHARE on the table.
INSERT INTO {{ into | identifier }}
{% for unique in uniques %}
SELECT {{ key | identifiers("held") }}{% if among == 'unknown' %}, 'held'{% endif %}

{% include 'copy/held_values.sql' %}

    {% if among == 'staged' %}
    -- A row that only comes now can't be in anybody's way before: the others change first.
    AND EXISTS (SELECT FROM {{ table | identifier(only=only) }} AS target WHERE {{ key | matching("target", "taken") }})
    {% endif %}
    AND {% if among != 'staged' %}NOT {% endif %}EXISTS (
        SELECT FROM {{ staging | identifier }} AS staged WHERE {{ key | matching("staged", "held") }}
    )
    {% if among != 'staged' %}
    AND {% if among == 'unknown' %}NOT {% endif %}EXISTS (
        SELECT FROM {{ wanted | identifier }} AS wanted WHERE {{ key | matching("wanted", "held") }}
    )
    {% endif %}
{% if not loop.last or identities %}
UNION
{% endif %}
{% endfor %}
{% if identities %}
SELECT {{ key | identifiers("target") }}
FROM {{ table | identifier(only=only) }} AS target
INNER JOIN {{ staging | identifier }} AS staged ON {{ key | matching("target", "staged") }}
WHERE ROW({{ identities | identifiers("target") }}) <> ROW({{ identities | identifiers("staged") }})
{% endif %}
;
