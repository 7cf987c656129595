"""Whether this role may read the source and write the target, asked before any row moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgpipelines.errors import DriftError, PrivilegeError
from pgpipelines.templates import quoted

if TYPE_CHECKING:
    from pgpipelines.catalog import Table
    from pgpipelines.sessions import Session

WRITABLE_KINDS = {"r": "table", "p": "partitioned table"}


def require_readable(session: Session, table: Table) -> None:
    """Raise PrivilegeError, with the GRANT, where the role would not see every row of the source table."""
    lacking = [] if table.privileges.select else ["SELECT"]
    _require(session, table, lacking, "read")
    if table.row_security:
        raise PrivilegeError(
            f"{session.endpoint}: row security would hide rows of {table.name} from this role",
            f"ALTER ROLE {quoted(session.endpoint.user)} BYPASSRLS; or copy as a role that every policy lets see all",
        )


def require_writable(session: Session, table: Table) -> None:
    """Raise PrivilegeError, with the GRANT, where the role may not replace the target's rows; DriftError for a view."""
    if table.kind not in WRITABLE_KINDS:
        raise DriftError(
            f"{session.endpoint}: {table.name} of the target is no table",
            "name another target table, or drop it",
        )
    may = table.privileges
    held = {"SELECT": may.select, "INSERT": may.insert, "UPDATE": may.update, "DELETE": may.delete}
    _require(session, table, [privilege for privilege, granted in held.items() if not granted], "write")


def _require(session: Session, table: Table, lacking: list[str], what: str) -> None:
    role = quoted(session.endpoint.user)
    grants = []
    if not table.privileges.use_schema:
        grants.append(f"GRANT USAGE ON SCHEMA {quoted(table.name.schema)} TO {role};")
    if lacking:
        grants.append(f"GRANT {', '.join(lacking)} ON TABLE {quoted(table.name)} TO {role};")
    if grants:
        raise PrivilegeError(f"{session.endpoint}: no privilege to {what} {table.name}", " ".join(grants))
