from __future__ import annotations
from pgpipelines.catalog import Table, describe_existing
from pgpipelines.copy.request import Selection
from pgpipelines.sessions import Session
def describe_selection(session: Session, selection: Selection) -> Table:
    return describe_existing(session, selection.table)
