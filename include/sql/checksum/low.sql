{# What a row adds to the lower half of a checksum; part of other templates. #}
hashint8("pgpipelines hash")
