"""Takes the keys of an empty statistics table away until it is filled: checked once, at the end, they cost little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgpipelines.templates import QualifiedName, escaped

if TYPE_CHECKING:
    from pgpipelines.sessions import Session


def set_aside(session: Session, table: QualifiedName) -> None:
    """Take the constraints of an empty table away, and remember them."""
    for constraint in session.query("rollup/constraints.sql", {"schema": table.schema, "name": table.name}):
        values = {"table_text": str(table), "name_text": constraint.name, "definition": constraint.definition}
        session.execute("rollup/set_aside.sql", values, table=table, name=constraint.name)


def put_back(session: Session, table: QualifiedName) -> None:
    """Put back what was taken away."""
    for constraint in session.query("rollup/set_aside_list.sql", {"table_text": str(table)}):
        session.execute(
            "rollup/put_back.sql",
            {"table_text": str(table), "name_text": constraint.name},
            table=table,
            name=constraint.name,
            definition=escaped(constraint.definition),
        )
