-- Adds a label to an enum where the source has it. It can be used once this is committed.
-- Parameters: type, label (literal), after, before (literals of its neighbours; none where there is none).
-- Locks nothing that others wait for.
ALTER TYPE {{ type | identifier }} ADD VALUE {{ label }}
{%- if after is not none %} AFTER {{ after }}
{%- elif before is not none %} BEFORE {{ before }}
{%- endif %}
;
