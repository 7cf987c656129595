"""Dumps that are proven restorable.

A *set* is one directory: dump, globals (roles, tablespaces), manifest, checksums of the files. It appears under its
final name only when it is whole.

programs   which pg_dump, pg_restore … of those installed; processes   how one runs, and dies with its parent
contents   what a database holds, as numbers that two databases can be compared by; definitions  how it is made
manifest   what a set says of itself; sets   what a place that keeps sets can do, and is the only truth about them
folder     such a place, on this machine; bucket  another, in an object store; temporary  what is here meanwhile
taking     how a set is taken; place  the folder that it is taken into, one run at a time
sealing    how programs write and read encrypted files; keys  who can open them
opening    a set's files as they were dumped, wherever and however they are kept
drill      how it is proven; scratch  the server that lives for one drill; lent  one that somebody lends for drills
restore    how it is brought back: choosing  which one; fitting  whether the server takes it; roles  those it lacks;
           properties  what a database is besides its content; swapping  names; replacing  rows of tables that are
           there; some_tables  of a set
restoring  what drill and restore share
retention  which sets are kept; overdue  whether the newest good one is young enough; catalogue  sets as a table
physical   backups of whole servers, and of what they write from then on
pipeline   where and how, as pipelines.yaml says; tasks, restore_tasks  what Airflow calls
__main__, restore_command  what a person calls
"""
