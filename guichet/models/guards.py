"""What no table constraint can say, said by triggers (and exclusion constraints on PostgreSQL).

This is their one source: `install` puts them back after every upgrade, since rebuilding a table drops its triggers.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

FROZEN_TABLES = (
    "invoice",
    "invoice_line",
    "payment",
    "allocation",
    "attestation",
    "treasury_title",
    "journal",
    "journal_seal",
)


@dataclass(frozen=True)
class NoOverlap:
    """No two rows with the same keys may share a day, last day included, or an integer, upper bound excluded."""

    table: str
    keys: tuple[str, ...]
    start: str
    end: str
    only_where: str = ""
    integers: bool = False


NO_OVERLAPS = (
    NoOverlap("school_year", (), "starts_on", "ends_on"),
    NoOverlap(
        "enrolment", ("child_id", "family_id", "activity_id"), "starts_on", "ends_on", "state <> 'cancelled'"
    ),
    NoOverlap("quotient", ("family_id",), "valid_from", "valid_until"),
    NoOverlap("bracket", ("tariff_id",), "qf_from", "qf_below", integers=True),
)


def install(connection: Connection) -> None:
    """Install every guard anew, in the caller's transaction."""
    statements = _sqlite_statements() if connection.dialect.name == "sqlite" else _postgresql_statements()
    for statement in statements:
        connection.exec_driver_sql(statement)


def remove(connection: Connection) -> None:
    """Take the triggers away while a migration rebuilds their tables, in the caller's transaction.

    SQLite refuses to rename a table while a trigger elsewhere names it.
    """
    if connection.dialect.name == "sqlite":
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
        for name in names.all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")


def _sqlite_statements() -> list[str]:
    statements = []
    for table in FROZEN_TABLES:
        for event in ("UPDATE", "DELETE"):
            statements += _sqlite_trigger(
                f"frozen_{table}_{event.lower()}", f"BEFORE {event} ON {table}", f"frozen:{table}"
            )
    statements += _sqlite_trigger(
        "closed_invoice_line",
        "BEFORE INSERT ON invoice_line WHEN (SELECT count(*) FROM invoice_line WHERE invoice_id = NEW.invoice_id)"
        " >= (SELECT line_count FROM invoice WHERE id = NEW.invoice_id)",
        "frozen:invoice_line",
    )
    for rule in NO_OVERLAPS:
        for event in ("INSERT", "UPDATE"):
            statements += _sqlite_trigger(
                f"overlap_{rule.table}_{event.lower()}",
                f"BEFORE {event} ON {rule.table} WHEN {_sqlite_overlap(rule)}",
                f"overlap:{rule.table}",
            )
    return statements


def _sqlite_trigger(name: str, head: str, message: str) -> list[str]:
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} {head} BEGIN SELECT RAISE(ABORT, 'guichet:{message}'); END",
    ]


def _sqlite_overlap(rule: NoOverlap) -> str:
    same_keys = "".join(f" AND other.{key} = NEW.{key}" for key in rule.keys)
    new_counts = f"NEW.{rule.only_where} AND " if rule.only_where else ""
    other_counts = f" AND other.{rule.only_where}" if rule.only_where else ""
    if rule.integers:
        shared = (
            f"(NEW.{rule.end} IS NULL OR other.{rule.start} < NEW.{rule.end})"
            f" AND (other.{rule.end} IS NULL OR NEW.{rule.start} < other.{rule.end})"
        )
    else:
        shared = f"other.{rule.start} <= NEW.{rule.end} AND NEW.{rule.start} <= other.{rule.end}"
    return (
        f"{new_counts}EXISTS (SELECT 1 FROM {rule.table} AS other"  # noqa: S608 (our own table names)
        f" WHERE other.id IS NOT NEW.id{same_keys}{other_counts} AND {shared})"
    )


def _postgresql_statements() -> list[str]:
    statements = [
        "CREATE EXTENSION IF NOT EXISTS btree_gist",
        """CREATE OR REPLACE FUNCTION guichet_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION USING MESSAGE = 'guichet:frozen:' || TG_TABLE_NAME, ERRCODE = '23000';
        END $$""",
        """CREATE OR REPLACE FUNCTION guichet_closed_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (SELECT count(*) FROM invoice_line WHERE invoice_id = NEW.invoice_id)
               >= (SELECT line_count FROM invoice WHERE id = NEW.invoice_id) THEN
                RAISE EXCEPTION USING MESSAGE = 'guichet:frozen:invoice_line', ERRCODE = '23000';
            END IF;
            RETURN NEW;
        END $$""",
    ]
    for table in FROZEN_TABLES:
        statements += _postgresql_trigger(
            f"frozen_{table}",
            table,
            f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION guichet_refuse()",
        )
        statements += _postgresql_trigger(
            f"frozen_{table}_truncate",
            table,
            f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION guichet_refuse()",
        )
    statements += _postgresql_trigger(
        "closed_invoice_line",
        "invoice_line",
        "BEFORE INSERT ON invoice_line FOR EACH ROW EXECUTE FUNCTION guichet_closed_invoice()",
    )
    for rule in NO_OVERLAPS:
        name = f"ex_{rule.table}_no_overlap"
        keys = "".join(f"{key} WITH =, " for key in rule.keys)
        span = (
            f"int4range({rule.start}, {rule.end})"
            if rule.integers
            else f"daterange({rule.start}, {rule.end}, '[]')"
        )
        where = f" WHERE ({rule.only_where})" if rule.only_where else ""
        statements += [
            f"ALTER TABLE {rule.table} DROP CONSTRAINT IF EXISTS {name}",
            f"ALTER TABLE {rule.table} ADD CONSTRAINT {name} EXCLUDE USING gist ({keys}{span} WITH &&){where}",
        ]
    return statements


def _postgresql_trigger(name: str, table: str, definition: str) -> list[str]:
    return [f"DROP TRIGGER IF EXISTS {name} ON {table}", f"CREATE TRIGGER {name} {definition}"]
