{# What has come by now of a whole number: quantity x passed / whole, rounded to a whole number, half away from zero. #}
{# The part of an hour is the share at its end less the share at its start, so that the parts add up to the #}
{# quantity, whatever the rounding. In integers throughout: exact; numeric where bigint could overflow. #}
{# Part of other templates. Parameters: quantity, passed, whole (columns; 0 <= passed <= whole, whole > 0). #}
CASE
    WHEN {{ quantity | identifier }} = 0 OR {{ passed | identifier }} = 0 THEN 0
    WHEN {{ passed | identifier }} = {{ whole | identifier }} THEN {{ quantity | identifier }}
    WHEN abs({{ quantity | identifier }}) <= 4000000000000000000 / {{ whole | identifier }}
        THEN (
            2 * {{ quantity | identifier }} * {{ passed | identifier }}
            + CASE WHEN {{ quantity | identifier }} < 0 THEN -{{ whole | identifier }} ELSE {{ whole | identifier }} END
        ) / (2 * {{ whole | identifier }})
    ELSE
        div(
            2::numeric * {{ quantity | identifier }} * {{ passed | identifier }}
            + CASE
                WHEN {{ quantity | identifier }} < 0 THEN -{{ whole | identifier }} ELSE {{ whole | identifier }}
            END,
            2::numeric * {{ whole | identifier }}
        )::bigint
END
