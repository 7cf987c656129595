-- Gives a type the source's comment. Parameters: type, domain (whether it is one); bound: comment.
-- Locks nothing that others wait for.
COMMENT ON {% if domain %}DOMAIN{% else %}TYPE{% endif %} {{ type | identifier }} IS %(comment)s;
