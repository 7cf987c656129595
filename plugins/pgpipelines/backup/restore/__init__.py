"""A set is brought back: beside what is there, compared with its manifest, and only then in its place.

engine     the story of a restore; choosing  which set is meant; fitting  whether the server takes it
roles      those that the server lacks; swapping  databases and their names
replacing  rows of tables that are there; some_tables  of a set
tasks      what Airflow calls; command  what a person calls
"""
