"""What a database has besides its content: owner, who may enter it, the settings that its sessions begin with.

pg_restore brings these only together with the name that the database had; ours may be restored under any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgpipelines.sessions import Session

ICU, BUILTIN = "i", "b"
# Settings whose values are lists of names, each of which is quoted by itself: those that pg_dump knows as such.
LISTS = frozenset(
    "local_preload_libraries search_path session_preload_libraries shared_preload_libraries temp_tablespaces "
    "unix_socket_directories".split()
)


@dataclass(frozen=True)
class Grant:
    """What a role may do in the database as a whole; the role of everybody has no name."""

    role: str
    privilege: str
    grantable: bool


@dataclass(frozen=True)
class Setting:
    """What sessions of the database begin with: all, or those of one role."""

    role: str
    name: str
    value: str


@dataclass(frozen=True)
class Properties:
    """A database without its content. `provider` compares text by `locale` and `rules`; it is a letter of the catalog.

    `roles` are those that own something in the database, or were granted something.
    """

    owner: str
    provider: str
    locale: str
    rules: str
    connection_limit: int
    comment: str
    grants: tuple[Grant, ...]
    settings: tuple[Setting, ...]
    roles: tuple[str, ...]

    def differences(self, found: Properties) -> list[str]:
        """Name what a restored database has otherwise. Its locale was given when it was made, maybe by another name."""
        names = ("owner", "connection_limit", "comment", "grants", "settings")
        pairs = ((name, getattr(self, name), getattr(found, name)) for name in names)
        return [f"database's {name}: {there} instead of {wanted}" for name, wanted, there in pairs if wanted != there]


def read_properties(session: Session, database: str) -> Properties:
    """What a database is, by the session's snapshot; `roles` are those of the session's own database."""
    named = {"database": database}
    found = session.one("dump/properties.sql", named)
    return Properties(
        owner=found.owner,
        provider=found.provider,
        locale=found.locale,
        rules=found.rules,
        connection_limit=found.connection_limit,
        comment=found.comment,
        grants=tuple(
            Grant(row.role, row.privilege, row.grantable) for row in session.query("dump/database_grants.sql", named)
        ),
        settings=tuple(
            Setting(row.role, row.name, row.value) for row in session.query("dump/database_settings.sql", named)
        ),
        roles=tuple(row.name for row in session.query("dump/roles_used.sql")),
    )


def give_properties(session: Session, database: str, properties: Properties) -> None:
    """Let a database that `create_database` has made be what another was, in the session's transaction."""
    session.execute("restore/revoke_of_owner.sql", database=database, owner=properties.owner)
    for grant in properties.grants:
        session.execute(
            "restore/grant.sql",
            database=database,
            role=grant.role,
            create=grant.privilege == "CREATE",
            connect=grant.privilege == "CONNECT",
            grantable=grant.grantable,
        )
    for setting in properties.settings:
        values = {"name": setting.name, "value": setting.value}
        if setting.name in LISTS:
            session.execute("restore/settings_value.sql", values)
        session.execute(
            "restore/keep_setting.sql",
            values,
            database=database,
            role=setting.role,
            setting=setting.name,
            from_here=setting.name in LISTS,
        )
    session.execute("restore/connection_limit.sql", database=database, limit=properties.connection_limit)
    if properties.comment:
        session.execute("restore/comment.sql", {"comment": properties.comment}, database=database)
