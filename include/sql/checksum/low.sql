{# What a row adds to the lower half of a checksum; part of other templates. Parameters: none. #}
hashint8("pgpipelines hash")
