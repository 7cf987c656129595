"""Loaders of public charging data into charger_db: what each published layout says, in the tables' own words.

Nothing is downloaded: a person who has accepted a data set's terms gives its files. Each line becomes one session;
dirt that the tables can hold is kept as it is, and counted. A line that can't be read is named with its number and the
reason. The files are read as streams into a staging table, and all of them become rows in one transaction.

A session's transaction_id is made of what the line itself says, so loading a file again changes nothing. Where a file
repeats a line, each repetition is a session of its own, numbered within the file: two files that both hold a line once
hold one session.

Money is left out: charger_usage_log is in KRW, and no set is. What a set says of fees stays in extra_data.
"""
