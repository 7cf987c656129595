#!/bin/sh
# Copies a finished WAL file into an archive; PostgreSQL runs it for each, and again until it succeeds:
#
#   archive_command = 'sh /path/to/include/archive_wal.sh %p %f /path/to/archive'
#
# A file gets its name in the archive only when all of it is on disk. One that is there already is never replaced: the
# same content is a success (the server crashed before it noted the first), another is a failure, which the server logs
# and tries again. Needs cp, cmp, ln, rm and a sync that takes files (GNU coreutils, BusyBox), and hard links there.
set -eu
umask 027 # the group may read what it archives: whoever takes and restores backups

from=$1
name=$2
folder=$3
partial=$folder/.partial-$name

if [ -e "$folder/$name" ]; then
    if ! cmp -s "$from" "$folder/$name"; then
        echo "archive_wal.sh: $folder/$name is there already, with other content: is this another server's archive?" >&2
        exit 1
    fi
else
    cp "$from" "$partial"
    sync "$partial"
    ln "$partial" "$folder/$name" # unlike mv, fails where the name is taken meanwhile
    rm "$partial"
fi
sync "$folder"
