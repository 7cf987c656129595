"""Copies a table so that the target equals the source at one snapshot, proven before readers see it.

engine      the story of one copy, step by step
definition  what the target table must be: created, accepted, or refused with the reason
relay       rows from one server's COPY straight into the other's
staging     rows beside the target, and how they become the target's content
progress    what a person sees while it runs
"""
