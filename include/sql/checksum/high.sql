{# What a row adds to the higher half of a checksum; part of other templates. #}
{# A row's hash is an exclusive or of its columns' hashes, so a sum of such hashes could overlook two values that #}
{# changed places between rows. Mixed with a hash of itself, every row counts as a whole (that hash alone would not #}
{# do: of a bigint it keeps 32 bits). Parameters: none. #}
(("pgpipelines hash" # hashint8extended("pgpipelines hash", 0)) >> 32)::integer
