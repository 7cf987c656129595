"""How a table's description is read from the system catalogs of one server."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pgpipelines.catalog.model import (
    QUERY,
    Attribute,
    Column,
    Constraint,
    ForeignKey,
    Index,
    Partition,
    Privileges,
    Range,
    Reference,
    ResultColumn,
    Sequence,
    Table,
    Unique,
    UserType,
)
from pgpipelines.errors import DriftError, MissingObjectError, RetriableError
from pgpipelines.templates import QualifiedName, Sql, escaped

if TYPE_CHECKING:
    from pgpipelines.sessions import Session

# FirstNormalObjectId of PostgreSQL: what is below came with the server.
FIRST_OF_USERS = 16384


def find(session: Session, name: QualifiedName) -> Any:
    """Read what a table is, and what this role may do with it (catalog/table.sql); None where no such table exists.

    Raises RetriableError where the transaction's snapshot shows one that was dropped since.
    """
    found = session.one("catalog/table.sql", {"schema": name.schema, "name": name.name})
    if found is not None and found.gone:
        raise RetriableError(f"{session.endpoint}: {name} was dropped meanwhile", "retry, without it")
    return found


def describe(session: Session, name: QualifiedName) -> Table | None:
    """Read a table's description, or None where no such table exists. Raises what `find` raises."""
    found = find(session, name)
    if found is None:
        return None
    values = {"oid": found.oid}
    columns = session.query("catalog/columns.sql", values)
    return Table(
        name=name,
        version=session.version,
        kind=found.kind,
        inherited=found.inherited,
        unlogged=found.unlogged,
        options=_optional_sql(found.options),
        owner=found.owner,
        comment=found.comment,
        row_security=found.row_security,
        rules=tuple(found.rules),
        privileges=_privileges(found),
        estimated_rows=found.estimated_rows or 0,
        partition_key=_optional_sql(found.partition_key),
        partition=_partition(found),
        parents=_parents(found),
        columns=tuple(_column(row) for row in columns),
        keys=tuple(tuple(row.columns) for row in session.query("catalog/keys.sql", values)),
        uniques=tuple(_unique(row) for row in session.query("catalog/uniques.sql", values)),
        references=tuple(_reference(row) for row in session.query("catalog/references.sql", values)),
        foreign_keys=tuple(_foreign_key(row) for row in session.query("catalog/foreign_keys.sql", values)),
        constraints=tuple(_constraint(row) for row in session.query("catalog/constraints.sql", values)),
        indexes=tuple(_index(row) for row in session.query("catalog/indexes.sql", values)),
        types=_user_types(session, columns),
    )


def describe_result(session: Session, name: QualifiedName, columns: list[ResultColumn], rows: int) -> Table:
    """The result of a query as a table of this name, with `rows` rows by estimate: columns and types, nothing else.

    Its privileges are all there: the query itself says what it may not read.
    """
    values = {
        "names": [column.name for column in columns],
        "types": [column.type_oid for column in columns],
        "modifiers": [column.modifier for column in columns],
        "collations": [column.collation_oid for column in columns],
    }
    described = session.query("catalog/result_columns.sql", values)
    return Table(
        name=name,
        version=session.version,
        kind=QUERY,
        inherited=False,
        unlogged=False,
        options=None,
        owner=session.endpoint.user,
        comment=None,
        row_security=False,
        rules=(),
        privileges=Privileges(
            own=True, use_schema=True, select=True, insert=True, update=True, delete=True, make_temporary=True
        ),
        estimated_rows=rows,
        partition_key=None,
        partition=None,
        parents=(),
        columns=tuple(_column(row) for row in described),
        keys=(),
        uniques=(),
        references=(),
        foreign_keys=(),
        constraints=(),
        indexes=(),
        types=_user_types(session, described),
    )


def describe_existing(session: Session, name: QualifiedName) -> Table:
    """Read a table's description. Raises MissingObjectError, with near names, where it doesn't exist."""
    table = describe(session, name)
    if table is None:
        raise _missing(session, name)
    if not table.stored:
        raise DriftError(
            f"{session.endpoint}: {name} has no columns that hold data",
            "name a table that has some, or leave it out (except)",
        )
    return table


def readable_names(session: Session) -> list[QualifiedName]:
    """Name all that a copy can read: tables, views and their like."""
    return [QualifiedName(row.schema, row.name) for row in session.query("catalog/readable.sql")]


def _missing(session: Session, name: QualifiedName) -> MissingObjectError:
    existing = readable_names(session)
    same_name = [table for table in existing if table.name == name.name]
    alike = difflib.get_close_matches(str(name), [str(table) for table in existing], n=3)
    near = [*map(str, same_name), *(text for text in alike if text not in map(str, same_name))]
    hint = (
        f"did you mean {' or '.join(near[:3])}?" if near else "check the name, the schema and the connection's database"
    )
    return MissingObjectError(f"{session.endpoint}: table {name} does not exist", hint)


def _privileges(row: Any) -> Privileges:
    return Privileges(
        own=row.may_own,
        use_schema=row.may_use_schema,
        select=row.may_select,
        insert=row.may_insert,
        update=row.may_update,
        delete=row.may_delete,
        make_temporary=row.may_make_temporary,
    )


def _partition(row: Any) -> Partition | None:
    if row.bound is None:
        return None
    (parent,) = zip(row.parent_schemas, row.parent_names, strict=True)
    return Partition(QualifiedName(*parent), escaped(row.bound))


def _parents(row: Any) -> tuple[QualifiedName, ...]:
    if row.bound is not None:
        return ()
    return tuple(QualifiedName(*parent) for parent in zip(row.parent_schemas, row.parent_names, strict=True))


def _column(row: Any) -> Column:
    return Column(
        name=row.name,
        type=escaped(row.type),
        type_name=QualifiedName(row.type_schema, row.type_name),
        type_kind=row.type_kind,
        is_array=row.is_array,
        base=row.base_name,
        base_kind=row.base_kind,
        builtin=row.builtin,
        base_modifier=row.base_modifier,
        has_binary=row.has_binary,
        element_builtin=row.element_builtin,
        user_defined=row.user_defined,
        not_null=row.not_null,
        not_null_name=row.not_null_name,
        generated=row.generated,
        identity=row.identity,
        expression=_optional_sql(row.expression),
        sequence=_sequence(row),
        collation=_optional_sql(row.collation),
        deterministic=row.deterministic,
        storage=_optional_sql(row.storage),
        compression=_optional_sql(row.compression),
        statistics=row.statistics,
        comment=row.comment,
    )


def _sequence(row: Any) -> Sequence | None:
    if row.sequence_name is None:
        return None
    return Sequence(
        name=QualifiedName(row.sequence_schema, row.sequence_name),
        written=escaped(row.sequence_written),
        type=escaped(row.sequence_type),
        options=escaped(row.sequence_options),
        owned=row.sequence_owned,
        may_advance=row.may_advance,
    )


def _unique(row: Any) -> Unique:
    return Unique(
        kind=row.kind,
        columns=tuple(row.columns),
        expressions=tuple(escaped(text) for text in row.expressions),
        operators=tuple(escaped(text) for text in row.operators),
        predicate=_optional_sql(row.predicate),
        nulls_meet=row.nulls_meet,
    )


def _reference(row: Any) -> Reference:
    return Reference(row.name, QualifiedName(row.schema, row.table), row.on_delete)


def _foreign_key(row: Any) -> ForeignKey:
    return ForeignKey(
        name=row.name,
        head=escaped(row.head),
        references=QualifiedName(row.schema, row.table),
        tail=escaped(row.tail),
        key=tuple(row.key),
        comment=row.comment,
    )


def _constraint(row: Any) -> Constraint:
    index = None
    if row.index_definition is not None:
        index = Index(row.name, unique=True, definition=escaped(row.index_definition), comment=row.index_comment)
    return Constraint(
        name=row.name,
        kind=row.kind,
        definition=escaped(row.definition),
        columns=tuple(row.columns),
        deferrable=row.may_defer,
        deferred=row.starts_deferred,
        index=index,
        comment=row.comment,
    )


def _index(row: Any) -> Index:
    return Index(row.name, row.unique, escaped(row.definition), row.comment)


def _user_types(session: Session, columns: list[Any]) -> tuple[UserType, ...]:
    """The types of the user's own that described columns are made of."""
    types = [row.type_oid for row in columns if row.type_oid >= FIRST_OF_USERS]
    if not types:
        return ()
    return tuple(_user_type(row) for row in session.query("catalog/types.sql", {"types": types}))


def _user_type(row: Any) -> UserType:
    attributes = zip(row.attribute_names, row.attribute_types, row.attribute_collations, strict=True)
    return UserType(
        name=QualifiedName(row.schema, row.name),
        written=escaped(row.written),
        kind=row.kind,
        labels=tuple(row.labels),
        base=_optional_sql(row.base),
        collation=_optional_sql(row.collation),
        not_null=row.not_null,
        expression=_optional_sql(row.expression),
        checks=tuple(escaped(check) for check in row.checks),
        attributes=tuple(Attribute(name, escaped(kind), _optional_sql(order)) for name, kind, order in attributes),
        range=_range(row),
        comment=row.comment,
    )


def _range(row: Any) -> Range | None:
    if row.multirange_name is None:
        return None
    return Range(
        opclass=_optional_sql(row.range_opclass),
        canonical=_optional_sql(row.range_canonical),
        difference=_optional_sql(row.range_difference),
        multirange=QualifiedName(row.multirange_schema, row.multirange_name),
    )


def _optional_sql(text: str | None) -> Sql | None:
    return None if text is None else escaped(text)
