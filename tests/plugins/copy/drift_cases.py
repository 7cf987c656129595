"""What happens when source and target come to differ: proven by test_drift.py, shown in docs/schema-changes.md."""

from __future__ import annotations

from dataclasses import dataclass

# Both sides begin with this.
BEGINNING = """
    CREATE TYPE mood AS ENUM ('calm', 'glad', 'wild');
    CREATE DOMAIN amount AS integer CHECK (VALUE < 100);
    CREATE TYPE pair AS (a integer, b text);
    CREATE TABLE t (
        id integer PRIMARY KEY, code varchar(10), n integer, wide bigint, price numeric(6,2), at timestamp(3), m mood,
        a amount, p pair, fixed integer NOT NULL DEFAULT 1, twice integer GENERATED ALWAYS AS (fixed * 2) STORED
    );
    CREATE INDEX by_code ON t (code);
    INSERT INTO t (id, code, n, wide, price, at, m, a, p) VALUES
        (1, 'one', 1, 1, 1.50, '2026-01-01', 'glad', 1, '(1,x)'), (2, 'two', 2, 2, 2.00, '2026-01-02', NULL, 2, NULL);
"""

COPIED, NOTED, WIDENED, REFUSED = "copied", "noted", "widened", "refused"


@dataclass(frozen=True)
class Case:
    """A change of the source (and of the target), what a copy does then, and the statement that it shows or runs.

    `refuse` and `widen` are what happens with `on_drift` set to either. `mend` is what a person runs where the shown
    statements need a decision first.
    """

    change: str
    source: str = ""
    target: str = ""
    refuse: str = NOTED
    widen: str = ""
    statement: str = ""
    cause: str = ""
    mend: str = ""

    @property
    def widened(self) -> str:
        """What happens with `on_drift: widen`: the same, unless the case says otherwise."""
        return self.widen or self.refuse


def _widening(change: str, source: str, statement: str, *, target: str = "", cause: str = "") -> Case:
    return Case(change, source, target, REFUSED, WIDENED, statement, cause)


def _refused(change: str, source: str, statement: str, *, target: str = "", cause: str = "", mend: str = "") -> Case:
    return Case(change, source, target, REFUSED, REFUSED, statement, cause, mend)


def _noted(change: str, source: str, statement: str = "", *, target: str = "", cause: str = "") -> Case:
    return Case(change, source, target, NOTED, NOTED, statement, cause)


T = 'ALTER TABLE "public"."t"'

CASES = (
    # Columns that come and go
    _widening("nullable column added", "ALTER TABLE t ADD more text", f'{T} ADD COLUMN "more" text;'),
    _widening(
        "column added with a constant default",
        "ALTER TABLE t ADD more text NOT NULL DEFAULT 'it''s'",
        f"""{T} ADD COLUMN "more" text DEFAULT 'it''s'::text NOT NULL;""",
    ),
    _refused(
        "column added with a default that differs from row to row",
        "ALTER TABLE t ADD more timestamptz DEFAULT clock_timestamp()",
        f'{T} ADD COLUMN "more" timestamp with time zone;',
        cause="its default differs from row to row",
    ),
    _refused(
        "column added, NOT NULL without a default",
        "ALTER TABLE t ADD more int NOT NULL DEFAULT 1; ALTER TABLE t ALTER more DROP DEFAULT",
        f'{T} ADD COLUMN "more" integer;',
        cause="takes no NULL",
    ),
    _refused("serial column added", "ALTER TABLE t ADD more serial", f'{T} ADD COLUMN "more" integer;'),
    _refused(
        "identity column added",
        "ALTER TABLE t ADD more int GENERATED ALWAYS AS IDENTITY",
        f'{T} ADD COLUMN "more" integer;',
    ),
    _widening(
        "generated column added",
        "ALTER TABLE t ADD more int GENERATED ALWAYS AS (n + 1) STORED",
        f'{T} ADD COLUMN "more" integer GENERATED ALWAYS AS ((n + 1)) STORED;',
    ),
    _widening(
        "virtual generated column added",
        "ALTER TABLE t ADD more int GENERATED ALWAYS AS (n + 1) VIRTUAL",
        f'{T} ADD COLUMN "more" integer GENERATED ALWAYS AS ((n + 1)) VIRTUAL;',
    ),
    _widening(
        "column of a new type added",
        "CREATE TYPE size AS ENUM ('S'); ALTER TABLE t ADD more size DEFAULT 'S'",
        f"""CREATE TYPE "public"."size" AS ENUM ( 'S' ); {T} ADD COLUMN "more" "public"."size" """
        """DEFAULT 'S'::public.size;""",
    ),
    _refused("column dropped", "ALTER TABLE t DROP n", f'{T} DROP COLUMN "n";', cause="column n does not exist"),
    _refused(
        "column renamed",
        "ALTER TABLE t RENAME price TO prices",
        f'{T} RENAME COLUMN "price" TO "prices";',
        cause="was it renamed?",
    ),
    _refused(
        "column renamed beyond recognition",
        "ALTER TABLE t RENAME price TO cost",
        f'{T} ADD COLUMN "cost" numeric(6,2); {T} DROP COLUMN "price";',
    ),
    _refused(
        "column of the target's own without a default",
        "",
        f'{T} DROP COLUMN "own";',
        target="ALTER TABLE t ADD own text",
    ),
    Case("column of the target's own with a default", target="ALTER TABLE t ADD own text DEFAULT 'x'", refuse=COPIED),
    Case(
        "generated column of the target's own",
        target="ALTER TABLE t ADD own int GENERATED ALWAYS AS (n) STORED",
        refuse=COPIED,
    ),
    Case(
        "column order changed",
        "ALTER TABLE t DROP code, DROP n; ALTER TABLE t ADD n int, ADD code varchar(10); "
        "CREATE INDEX by_code ON t (code)",
        refuse=COPIED,
    ),
    # Types
    _widening("integer → bigint", "ALTER TABLE t ALTER n TYPE bigint", f'{T} ALTER COLUMN "n" TYPE bigint;'),
    _noted("bigint → integer", "ALTER TABLE t ALTER wide TYPE int", cause="column wide is bigint, but integer"),
    _noted("integer → smallint", "ALTER TABLE t ALTER n TYPE smallint"),
    _widening(
        "varchar longer",
        "ALTER TABLE t ALTER code TYPE varchar(20)",
        f'{T} ALTER COLUMN "code" TYPE character varying(20);',
    ),
    _noted("varchar shorter", "ALTER TABLE t ALTER code TYPE varchar(5)"),
    _widening("varchar → text", "ALTER TABLE t ALTER code TYPE text", f'{T} ALTER COLUMN "code" TYPE text;'),
    _noted("text → varchar", "", target="ALTER TABLE t ALTER code TYPE text"),
    _refused(
        "varchar → char",
        "ALTER TABLE t ALTER code TYPE char(10)",
        f'{T} ALTER COLUMN "code" TYPE character(10) USING "code"::character(10);',
    ),
    _widening(
        "numeric of more digits, same scale",
        "ALTER TABLE t ALTER price TYPE numeric(9,2)",
        f'{T} ALTER COLUMN "price" TYPE numeric(9,2);',
    ),
    _noted("numeric of fewer digits, same scale", "ALTER TABLE t ALTER price TYPE numeric(5,2)"),
    _widening(
        "numeric without bounds", "ALTER TABLE t ALTER price TYPE numeric", f'{T} ALTER COLUMN "price" TYPE numeric;'
    ),
    _refused(
        "numeric of another scale",
        "ALTER TABLE t ALTER price TYPE numeric(9,3)",
        f'{T} ALTER COLUMN "price" TYPE numeric(9,3) USING "price"::numeric(9,3);',
        cause=r"column price is numeric\(6,2\), but numeric\(9,3\) in the source",
    ),
    _refused(
        "numeric → double precision",
        "ALTER TABLE t ALTER price TYPE float8",
        f'{T} ALTER COLUMN "price" TYPE double precision USING "price"::double precision;',
    ),
    _refused(
        "timestamp → timestamptz",
        "ALTER TABLE t ALTER at TYPE timestamptz",
        f'{T} ALTER COLUMN "at" TYPE timestamp with time zone USING "at"::timestamp with time zone;',
    ),
    _widening(
        "timestamp of more digits",
        "ALTER TABLE t ALTER at TYPE timestamp(6)",
        f'{T} ALTER COLUMN "at" TYPE timestamp(6) without time zone;',
    ),
    _noted("timestamp of fewer digits", "ALTER TABLE t ALTER at TYPE timestamp(0)"),
    _refused("integer → text", "ALTER TABLE t ALTER n TYPE text", f'{T} ALTER COLUMN "n" TYPE text USING "n"::text;'),
    _refused(
        "text → integer",
        "ALTER TABLE t ALTER code TYPE int USING 1",
        f'{T} ALTER COLUMN "code" TYPE integer USING "code"::integer;',
        mend="ALTER TABLE t ALTER code TYPE int USING NULL",
    ),
    _refused(
        "integer → integer[]",
        "ALTER TABLE t ALTER n TYPE int[] USING ARRAY[n]",
        f'{T} ALTER COLUMN "n" TYPE integer[] USING "n"::integer[];',
        mend="ALTER TABLE t ALTER n TYPE int[] USING ARRAY[n]",
    ),
    _refused("enum → text", "ALTER TABLE t ALTER m TYPE text", f'{T} ALTER COLUMN "m" TYPE text USING "m"::text;'),
    # Enums, domains, composites
    _widening(
        "enum label added",
        "ALTER TYPE mood ADD VALUE 'keen' AFTER 'calm'; ALTER TYPE mood ADD VALUE 'asleep' BEFORE 'calm'",
        """ALTER TYPE "public"."mood" ADD VALUE 'asleep' BEFORE 'calm'; """
        """ALTER TYPE "public"."mood" ADD VALUE 'keen' AFTER 'calm';""",
    ),
    _noted(
        "enum label that the source lacks",
        "",
        target="ALTER TYPE mood ADD VALUE 'sad'",
        cause="labels that the source lacks: sad",
    ),
    _widening(
        "enum label renamed",
        "ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'",
        """ALTER TYPE "public"."mood" ADD VALUE 'happy' AFTER 'calm';""",
    ),
    _noted(
        "enum labels in another order",
        "ALTER TABLE t ALTER m TYPE text; DROP TYPE mood; CREATE TYPE mood AS ENUM ('wild', 'glad', 'calm'); "
        "ALTER TABLE t ALTER m TYPE mood USING m::mood",
        cause="sort otherwise",
    ),
    _noted(
        "domain constraint changed",
        "ALTER DOMAIN amount ADD CHECK (VALUE > 0)",
        cause="domain public.amount has other constraints",
    ),
    _refused(
        "domain over another type",
        "ALTER TABLE t ALTER a TYPE bigint; DROP DOMAIN amount; CREATE DOMAIN amount AS bigint; "
        "ALTER TABLE t ALTER a TYPE amount",
        "rename one of the two types, or name another target schema",
        cause="type public.amount is made of integer, but of bigint in the source",
        mend="ALTER TABLE t ALTER a TYPE bigint; DROP DOMAIN amount; CREATE DOMAIN amount AS bigint; "
        "ALTER TABLE t ALTER a TYPE amount",
    ),
    _refused(
        "composite type changed",
        "ALTER TYPE pair ADD ATTRIBUTE c int",
        "rename one of the two types, or name another target schema",
        cause="type public.pair is made of",
        mend="ALTER TYPE pair ADD ATTRIBUTE c int",
    ),
    # Defaults, NOT NULL, how a column is filled
    Case(
        "NOT NULL dropped",
        "ALTER TABLE t ALTER fixed DROP NOT NULL",
        refuse=NOTED,
        widen=WIDENED,
        statement=f'{T} ALTER COLUMN "fixed" DROP NOT NULL;',
    ),
    _noted("NOT NULL added", "ALTER TABLE t ALTER n SET NOT NULL", f'{T} ALTER COLUMN "n" SET NOT NULL;'),
    _noted("default changed", "ALTER TABLE t ALTER fixed SET DEFAULT 2", f'{T} ALTER COLUMN "fixed" SET DEFAULT 2;'),
    _noted("default dropped", "ALTER TABLE t ALTER fixed DROP DEFAULT", cause="filled by a default, but by nothing"),
    _noted(
        "plain → identity",
        "ALTER TABLE t ALTER id ADD GENERATED ALWAYS AS IDENTITY",
        cause=r"column id is filled by nothing, but by identity \(always\)",
    ),
    _noted(
        "identity → serial",
        "CREATE SEQUENCE s OWNED BY t.id; ALTER TABLE t ALTER id SET DEFAULT nextval('s')",
        target="ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY",
        cause="but by a sequence in the source",
    ),
    _refused(
        "generated → plain",
        "ALTER TABLE t ALTER twice DROP EXPRESSION",
        f'{T} ALTER COLUMN "twice" DROP EXPRESSION;',
        cause="column twice is generated, but holds data in the source",
    ),
    _refused(
        "plain → generated",
        "ALTER TABLE t DROP n; ALTER TABLE t ADD n int GENERATED ALWAYS AS (id) STORED",
        f'{T} DROP COLUMN "n"; {T} ADD COLUMN "n" integer GENERATED ALWAYS AS (id) STORED;',
        cause="column n is generated in the source, but not here",
    ),
    _refused(
        "generated by another expression",
        "ALTER TABLE t ALTER twice SET EXPRESSION AS (fixed * 3)",
        f'{T} DROP COLUMN "twice"; {T} ADD COLUMN "twice" integer GENERATED ALWAYS AS ((fixed * 3)) STORED;',
    ),
    _noted("collation changed", 'ALTER TABLE t ALTER code TYPE varchar(10) COLLATE "C"', cause="column code sorts by"),
    # Keys, constraints, indexes, comments
    _refused(
        "key of more columns",
        "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, fixed)",
        f'{T} DROP CONSTRAINT "t_pkey"; {T} ADD CONSTRAINT "t_pkey" PRIMARY KEY (id, fixed);',
        cause=r"primary key \(id\) is \(id, fixed\) in the source",
    ),
    _noted(
        "key of fewer columns",
        "",
        target="ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, fixed)",
        cause=r"primary key \(id, fixed\) is \(id\) in the source",
    ),
    _noted("key dropped", "ALTER TABLE t DROP CONSTRAINT t_pkey", cause=r"primary key \(id\) does not exist"),
    _noted(
        "key added",
        "",
        f'{T} ADD CONSTRAINT "t_pkey" PRIMARY KEY (id);',
        target="ALTER TABLE t DROP CONSTRAINT t_pkey",
    ),
    _noted(
        "unique constraint added",
        "ALTER TABLE t ADD UNIQUE (n)",
        f'{T} ADD CONSTRAINT "t_n_key" UNIQUE (n);',
    ),
    _noted(
        "unique constraint of the target's own",
        "",
        target="ALTER TABLE t ADD UNIQUE (n)",
        cause="t_n_key does not exist",
    ),
    _noted(
        "check constraint of the target's own", "", target="ALTER TABLE t ADD CHECK (n > 0)", cause="rows that break it"
    ),
    _noted(
        "check constraint added",
        "ALTER TABLE t ADD CONSTRAINT positive CHECK (n > 0)",
        f'{T} ADD CONSTRAINT "positive" CHECK ((n > 0));',
    ),
    _noted("index added", "CREATE INDEX by_n ON t (n)", 'CREATE INDEX "by_n" ON "public"."t" USING btree (n);'),
    _noted("index dropped", "DROP INDEX by_code", cause="index by_code does not exist in the source"),
    _noted("comment changed", "COMMENT ON TABLE t IS '100% new'", """COMMENT ON TABLE "public"."t" IS '100% new';"""),
    _noted(
        "column comment changed",
        "COMMENT ON COLUMN t.n IS 'new'",
        """COMMENT ON COLUMN "public"."t"."n" IS 'new';""",
    ),
    # Another kind of relation, another owner
    Case(
        "partitioned in the source, plain in the target",
        "CREATE TABLE parted (LIKE t INCLUDING ALL) PARTITION BY RANGE (id); "
        "CREATE TABLE part PARTITION OF parted DEFAULT; INSERT INTO parted (id, code) VALUES (1, 'one'); "
        "DROP TABLE t; ALTER TABLE parted RENAME TO t",
        refuse=COPIED,
    ),
    Case(
        "plain in the source, partitioned in the target",
        target="CREATE TABLE parted (LIKE t INCLUDING ALL) PARTITION BY RANGE (id); "
        "CREATE TABLE part PARTITION OF parted DEFAULT; DROP TABLE t; ALTER TABLE parted RENAME TO t",
        refuse=COPIED,
    ),
    Case(
        "table replaced by a view in the source",
        "ALTER TABLE t RENAME TO stored; CREATE VIEW t AS SELECT * FROM stored",
        "ALTER TABLE t ALTER fixed DROP DEFAULT, ALTER twice DROP EXPRESSION",
        refuse=COPIED,
    ),
)
