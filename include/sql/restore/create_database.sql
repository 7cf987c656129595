-- Makes a database for what is restored, as the database was that was dumped. Not in a transaction.
-- Parameters: database; owner (a role, or none for the role that runs this); icu, builtin (who compares text where it
-- is not the C library); bound: encoding, collation, character_type, locale, rules (the last two for icu and builtin).
-- Locks template0 against changes, for as long as copying it takes.
CREATE DATABASE {{ database | identifier }}
{% if owner %} OWNER {{ owner | identifier }}{% endif %}
TEMPLATE template0
ENCODING %(encoding)s LC_COLLATE %(collation)s LC_CTYPE %(character_type)s
{% if icu %} LOCALE_PROVIDER icu ICU_LOCALE %(locale)s{% endif %}
{% if rules %} ICU_RULES %(rules)s{% endif %}
{% if builtin %} LOCALE_PROVIDER builtin BUILTIN_LOCALE %(locale)s{% endif %};
