"""Whether this role may read the source and write the target, asked before any row moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgpipelines.errors import DriftError, PrivilegeError
from pgpipelines.templates import quoted

if TYPE_CHECKING:
    from pgpipelines.catalog import Table
    from pgpipelines.sessions import Session

# Plain and partitioned tables, by pg_class.relkind.
WRITABLE_KINDS = frozenset("rp")


def require_readable(session: Session, table: Table) -> None:
    """Raise PrivilegeError, with the GRANT, where the role would not see every row of the source table."""
    lacking = [] if table.privileges.select else ["SELECT"]
    _require(session, "read", table, _grants(session, table, lacking))
    _require_every_row(session, table)


def require_writable(session: Session, table: Table) -> None:
    """Raise PrivilegeError, with the GRANT, where the role may not replace the target's rows.

    Raises DriftError for a view, and for a table with rules.
    """
    if table.kind not in WRITABLE_KINDS:
        raise DriftError(
            f"{session.endpoint}: {table.name} of the target is no table",
            "name another target table, or drop it",
        )
    if table.rules:
        raise DriftError(
            f"{session.endpoint}: rules of {table.name} would rewrite what a copy writes: {', '.join(table.rules)}",
            " ".join(f"DROP RULE {quoted(rule)} ON {quoted(table.name)};" for rule in table.rules)
            + " A trigger can do the same.",
        )
    may, role = table.privileges, quoted(session.endpoint.user)
    held = {"SELECT": may.select, "INSERT": may.insert, "UPDATE": may.update, "DELETE": may.delete}
    grants = _grants(session, table, [privilege for privilege, granted in held.items() if not granted])
    if not may.make_temporary:
        grants.append(f"GRANT TEMPORARY ON DATABASE {quoted(session.endpoint.database)} TO {role};")
    grants += [
        f"GRANT USAGE, UPDATE ON SEQUENCE {quoted(column.sequence.name)} TO {role};"
        for column in table.stored
        if column.sequence is not None and not column.sequence.may_advance
    ]
    _require(session, "write", table, grants)
    _require_every_row(session, table)


def _grants(session: Session, table: Table, lacking: list[str]) -> list[str]:
    role = quoted(session.endpoint.user)
    grants = []
    if not table.privileges.use_schema:
        grants.append(f"GRANT USAGE ON SCHEMA {quoted(table.name.schema)} TO {role};")
    if lacking:
        grants.append(f"GRANT {', '.join(lacking)} ON TABLE {quoted(table.name)} TO {role};")
    return grants


def _require(session: Session, what: str, table: Table, grants: list[str]) -> None:
    if grants:
        raise PrivilegeError(f"{session.endpoint}: no privilege to {what} {table.name}", " ".join(grants))


def _require_every_row(session: Session, table: Table) -> None:
    if table.row_security:
        raise PrivilegeError(
            f"{session.endpoint}: row security would hide rows of {table.name} from this role",
            f"ALTER ROLE {quoted(session.endpoint.user)} BYPASSRLS; or copy as a role that every policy lets see all",
        )
