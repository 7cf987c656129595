"""Dumps that are proven restorable.

A *set* is one directory: dump, globals (roles, tablespaces), manifest, checksums of the files. It appears under its
final name only when it is whole.

programs   which pg_dump, pg_restore … of those installed; processes   how one runs, and dies with its parent
contents   what a database holds, as numbers that two databases can be compared by; definitions  how it is made;
           properties  what it is besides
manifest   what a set says of itself; sets   what a place that keeps sets can do, and is the only truth about them
storage    such places, on this machine or in an object store, and encryption
taking     how a set is taken
drill      how it is proven; scratch  the server that lives for one drill; lent  one that somebody lends for drills
restore    how it is brought back; restoring  what drills and restores share
retention  which sets are kept; overdue  whether the newest good one is young enough; catalogue  sets as a table
physical   backups of whole servers, and of what they write from then on
pipeline   where and how, as pipelines.yaml says; tasks  what Airflow calls; __main__  what a person calls
"""
