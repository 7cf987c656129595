"""Physical backups: a server's files and its write-ahead log, by which one goes back to any moment.

wal        positions, segments, timelines; archive  the folder that archive_command fills; waldump  what is in it
manifest   what a backup says of itself, and whether its files are still so; backups  the directory as the only truth
taking     how a backup is taken: pg_basebackup, a full read, and only then a name
restoring  how a backup becomes a data folder that recovers to a moment
drill      how a backup and the archive are proven; recovery  the server that lives for that
retention  which backups are kept, and what of the archive they need
pipeline   where and how, as pipelines.yaml says; tasks  what Airflow calls; __main__  what a person calls
"""
