{# The pattern of a text that starts with a date and goes on, if at all, with its time; part of other templates. #}
{# Parameters: none. #}
'^(?!0000)[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]*$'
