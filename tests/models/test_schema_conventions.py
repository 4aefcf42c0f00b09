"""The live schema of both engines, read back from the databases themselves."""

import re

import pytest
from sqlalchemy import BigInteger, Float, Inspector, Integer, Numeric, inspect

from guichet.models import Base
from guichet.models.database import Database

ALEMBIC_TABLE = "alembic_version"

# Rows without `version`: nobody edits them, or one desk does, or they live and die with the row they belong to.
UNVERSIONED = {
    "written once": {
        "allocation", "attestation", "charge_booking", "consent", "counter", "deposit_payment", "document_content",
        "external_ref", "import_line", "import_outcome", "invoice", "invoice_line", "journal", "journal_detail",
        "journal_seal", "journal_unsealed", "message", "offer", "payment", "processed_command", "treasury_title",
    },
    "set up by the administration alone": {
        "activity_type", "age_group", "capacity_pool", "closure", "deadline_rule", "document_type", "facility",
        "holiday", "opening", "period", "pool_slot", "school", "school_year", "slot", "slot_exclusion",
    },
    "part of the row named": {
        "authorised_person", "bracket", "custody_rule", "membership", "quotient", "schooling",
    },
}  # fmt: skip

MONEY_WORDS = re.compile(r"(^|_)(amount|price|total|balance|paid|income|benefits|unit_price|fee)($|_)")


@pytest.fixture
def live(database: Database) -> Inspector:
    return inspect(database.engine)


@pytest.fixture
def tables(live: Inspector) -> list[str]:
    return sorted(set(live.get_table_names()) - {ALEMBIC_TABLE})


def test_the_migrations_make_every_table_of_the_models_and_no_other(tables: list[str]) -> None:
    assert set(tables) == set(Base.metadata.tables)


def test_every_table_has_its_key_and_the_instant_of_its_making(live: Inspector, tables: list[str]) -> None:
    for table in tables:
        key = live.get_pk_constraint(table)
        assert (key["name"], key["constrained_columns"]) == (f"pk_{table}", ["id"])
        columns = {column["name"]: column for column in live.get_columns(table)}
        assert not columns["created_at"]["nullable"], table


def test_every_foreign_key_bears_its_conventional_name(live: Inspector, tables: list[str]) -> None:
    for table in tables:
        for key in live.get_foreign_keys(table):
            assert key["name"] == f"fk_{table}_{'_'.join(key['constrained_columns'])}"


def test_every_foreign_key_is_indexed(live: Inspector, tables: list[str]) -> None:
    """Without one, each deletion or join from the parent reads the whole table."""
    bare = []
    for table in tables:
        indexed = [index["column_names"] for index in live.get_indexes(table)]
        indexed += [unique["column_names"] for unique in live.get_unique_constraints(table)]
        for key in live.get_foreign_keys(table):
            columns = key["constrained_columns"]
            led = any(found and found[0] in columns for found in indexed)
            if not led:
                bare.append(f"{table}({', '.join(columns)})")
    assert not bare


def test_every_unique_key_index_and_check_bears_its_conventional_name(
    live: Inspector, tables: list[str]
) -> None:
    for table in tables:
        for unique in live.get_unique_constraints(table):
            assert unique["name"] == f"uq_{table}_{'_'.join(unique['column_names'])}"
        for index in live.get_indexes(table):
            assert re.match(rf"(ix|uq|ex)_{table}(_|$)", index["name"] or ""), (table, index)
        for check in live.get_check_constraints(table):
            assert re.match(rf"ck_{table}_\w+", check["name"] or ""), (table, check)


def test_nothing_the_models_declare_is_missing_from_the_database(live: Inspector, tables: list[str]) -> None:
    for name in tables:
        table = Base.metadata.tables[name]
        declared = {str(constraint.name) for constraint in table.constraints if constraint.name}
        declared |= {str(index.name) for index in table.indexes}
        found = {str(live.get_pk_constraint(name)["name"])}
        found |= {str(key["name"]) for key in live.get_foreign_keys(name)}
        found |= {str(unique["name"]) for unique in live.get_unique_constraints(name)}
        found |= {str(check["name"]) for check in live.get_check_constraints(name)}
        found |= {str(index["name"]) for index in live.get_indexes(name)}
        assert not declared - found, name
        nullable = {column["name"]: column["nullable"] for column in live.get_columns(name)}
        assert nullable == {column.name: column.nullable for column in table.columns}, name


def test_money_is_whole_cents_and_says_so(live: Inspector, tables: list[str]) -> None:
    for table in tables:
        for column in live.get_columns(table):
            name, kind = column["name"], column["type"]
            assert not isinstance(kind, Float | Numeric) or name in {"parts"}, f"{table}.{name} is not exact"
            if name.endswith("_cents"):
                assert isinstance(kind, BigInteger), f"{table}.{name} overflows at 21 million euros"
            elif MONEY_WORDS.search(name):
                assert not isinstance(kind, Integer), f"{table}.{name} does not say its unit"


def test_every_row_that_two_desks_may_touch_has_a_version(live: Inspector, tables: list[str]) -> None:
    versioned = {
        table
        for table in tables
        if any(column["name"] == "version" for column in live.get_columns(table)) and table != "attestation"
    }
    unversioned = set().union(*UNVERSIONED.values())
    assert not versioned & unversioned
    assert versioned | unversioned == set(tables), "decide whether two desks may touch the new table"
    for table in versioned:
        assert Base.metadata.tables[table].columns["version"].nullable is False


def test_an_updated_row_of_a_versioned_table_raises_its_version() -> None:
    """The mapped class, and not only the column, must guard against the second desk."""
    for mapper in Base.registry.mappers:
        if "version" in mapper.columns and mapper.local_table.name != "attestation":  # type: ignore[attr-defined]
            assert mapper.version_id_col is not None, mapper.class_.__name__
