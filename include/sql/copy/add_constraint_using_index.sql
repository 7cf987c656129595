-- Makes a unique index that was built before into a primary key or unique constraint of the same name. No rows are
-- read where the columns are NOT NULL already.
-- Parameters: table, name, primary, deferrable, deferred.
-- Locks ACCESS EXCLUSIVE on the new table, which nobody else reads yet.
ALTER TABLE {{ table | identifier }} ADD CONSTRAINT {{ name | identifier }}
{%- if primary %} PRIMARY KEY{% else %} UNIQUE{% endif %}
 USING INDEX {{ name | identifier }}
{%- if deferrable %} DEFERRABLE{% endif %}
{%- if deferred %} INITIALLY DEFERRED{% endif %}
;
