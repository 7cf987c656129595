"""Dumps that are proven restorable.

A *set* is one directory: dump, globals (roles, tablespaces), manifest, checksums of the files. It appears under its
final name only when it is whole.

programs   which pg_dump, pg_restore … of those installed; processes   how one runs, and dies with its parent
contents   what a database holds, as numbers that two databases can be compared by; definitions  how it is made
manifest   what a set says of itself; sets   the directory as the only truth about sets
taking     how a set is taken; place  the folder that it is taken into, one run at a time
drill      how it is proven; scratch  the server that lives for one drill
retention  which sets are kept; overdue  whether the newest good one is young enough
physical   backups of whole servers, and of what they write from then on
pipeline   where and how, as pipelines.yaml says; tasks  what Airflow calls; __main__  what a person calls
"""
