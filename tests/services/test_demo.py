"""The demonstration town: deterministic, whole, and holding the families of the source documents."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from guichet.models import schema
from guichet.models.bookings import Booking, Enrolment
from guichet.models.database import Database, open_database
from guichet.models.money import Allocation, Charge, Invoice, Payment
from guichet.models.offer import Activity, CapacityPool, DeadlineRule, PoolDay, PoolSlot
from guichet.models.people import Family, Membership, Person, Quotient
from guichet.models.requests import Request, RequestState
from guichet.models.settings import Holiday, SchoolYear
from guichet.portal.reader import verify as verify_file
from guichet.rules.errors import UserError
from guichet.services import intake, statements, transaction, verify
from guichet.services.accounts import Credentials, sign_in, system_actor
from guichet.services.demo.accounts import DEMO_ACCOUNTS, PASSWORD
from guichet.services.demo.build import DEMO_NOW, build
from guichet.services.demo.night import write_night_file
from guichet.services.demo.sources import DUPONT, FATHER, MOTHER, QF_542
from guichet.services.transaction import Context

CONTEXT = Context(system_actor(), DEMO_NOW)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A small town on SQLite, built once and read by these tests."""
    database = _new_base(tmp_path_factory.mktemp("demo") / "demo.db")
    build(database, families=40)
    yield database
    database.dispose()


def _new_base(path: Path) -> Database:
    database = open_database(f"sqlite:///{path.as_posix()}")
    schema.upgrade(database)
    return database


def _rows(database: Database, table: str) -> list[tuple[object, ...]]:
    with database.reading() as session:
        result = session.connection().exec_driver_sql(f"SELECT * FROM {table} ORDER BY id")
        hidden = {"password_hash", "created_at"}
        keep = [index for index, name in enumerate(result.keys()) if name not in hidden]
        return [tuple(row[index] for index in keep) for row in result]


def test_the_same_seed_gives_the_same_town(tmp_path: Path) -> None:
    bases = {name: _new_base(tmp_path / f"{name}.db") for name in ("first", "again", "other")}
    for name, base in bases.items():
        build(base, families=6, seed=2 if name == "other" else 1)
    for table in ("person", "family", "membership", "quotient", "booking", "charge", "invoice", "payment"):
        assert _rows(bases["again"], table) == _rows(bases["first"], table)
    assert _rows(bases["other"], "person") != _rows(bases["first"], "person")
    for base in bases.values():
        base.dispose()


def test_it_is_built_on_either_engine(database: Database) -> None:
    built = build(database, families=6)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Family)) == built.families
        drawn = select(func.count()).select_from(Booking).where(Booking.request_item_id.is_(None))
        assert session.scalar(drawn) == built.bookings
        assert session.scalar(select(func.count()).select_from(Invoice)) == built.invoices
        assert verify.verify(session, CONTEXT).findings == ()


def test_a_base_that_holds_families_is_not_overwritten(town: Database) -> None:
    before = _rows(town, "family")
    with pytest.raises(UserError, match="base vide"):
        build(town, families=5)
    assert _rows(town, "family") == before


def test_no_invariant_is_broken(town: Database) -> None:
    with town.reading() as session:
        report = verify.verify(session, CONTEXT)
    assert report.findings == ()
    assert len(report.checks) > 10


def test_some_future_days_are_full_and_others_not(town: Database) -> None:
    with town.reading() as session:
        sizes = session.execute(
            select(PoolDay.pool_id, PoolDay.date, PoolDay.size).where(PoolDay.date > date(2026, 3, 18))
        ).all()
        left = {(row.pool_id, row.date): row.size for row in sizes}
        assert left
        taken = session.execute(
            select(PoolSlot.pool_id, Booking.date, func.count())
            .join(Booking, Booking.slot_id == PoolSlot.slot_id)
            .join(CapacityPool, CapacityPool.id == PoolSlot.pool_id)
            .where(CapacityPool.group_id.is_(None) | (CapacityPool.group_id == Booking.group_id))
            .group_by(PoolSlot.pool_id, Booking.date)
        ).all()
        full = [row for row in taken if left.get((row[0], row[1])) == row[2]]
        free = [row for row in taken if left.get((row[0], row[1]), 0) > row[2]]
        assert full
        assert free


def test_dupont_s_documents_carry_the_numbers_and_amounts_of_their_statement(town: Database) -> None:
    with town.reading() as session:
        rows = session.execute(
            select(
                Invoice.label,
                Invoice.issued_on,
                Invoice.due_on,
                Invoice.period_start,
                Invoice.period_end,
                Invoice.total_cents,
            )
            .join(Family, Family.id == Invoice.family_id)
            .where(Family.number == DUPONT, Invoice.issued_on < date(2016, 1, 1))
            .order_by(Invoice.number)
        ).all()
        assert [tuple(row) for row in rows] == [
            ("AL-12", date(2015, 4, 8), date(2015, 4, 30), date(2015, 2, 1), date(2015, 3, 31), 24320),
            ("AL-36", date(2015, 4, 8), date(2015, 4, 30), date(2015, 4, 1), date(2015, 4, 30), 12060),
        ]
        numbers = session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
        assert numbers == list(range(12, 12 + len(numbers)))


def test_dupont_s_statement_is_the_one_of_the_source_documents(town: Database) -> None:
    with town.reading() as session:
        family_id = session.scalars(select(Family.id).where(Family.number == DUPONT)).one()
        query = statements.StatementQuery(family_id, school_year="2014-2015")
        account = statements.statement(session, CONTEXT, query).account
    assert [
        (row.number, row.dated, row.description, row.regie, row.debit, row.credit)
        for row in account.operations
    ] == [
        (
            "AL-36",
            date(2015, 4, 8),
            "Facture : 01/04/2015 - 30/04/2015",
            "Régie garderie ALSH",
            12060,
            0,
        ),
        ("AL-228", date(2015, 4, 8), "Règlement : Chèque", "Régie garderie ALSH", 0, 24320),
        (
            "AL-12",
            date(2015, 4, 8),
            "Facture : 01/02/2015 - 31/03/2015",
            "Régie garderie ALSH",
            24320,
            0,
        ),
    ]
    assert (account.previous_balance, account.total_debit, account.total_credit) == (0, 36380, 24320)
    assert account.balance == 12060


def test_some_families_owe_and_what_is_paid_at_once_is_paid_before_its_invoice(town: Database) -> None:
    with town.reading() as session:
        billed = dict(
            session.execute(
                select(Invoice.family_id, func.sum(Invoice.total_cents)).group_by(Invoice.family_id)
            ).all()
        )
        paid = dict(
            session.execute(
                select(Payment.family_id, func.sum(Payment.amount_cents)).group_by(Payment.family_id)
            ).all()
        )
        assert any(total > paid.get(family_id, 0) for family_id, total in billed.items())
        february = session.execute(
            select(Charge.amount_cents, func.coalesce(func.sum(Allocation.amount_cents), 0))
            .join(Activity, Activity.id == Charge.activity_id)
            .outerjoin(Allocation, Allocation.charge_id == Charge.id)
            .where(Activity.paid_at_once, Charge.date.between(date(2026, 2, 1), date(2026, 2, 28)))
            .group_by(Charge.id)
        ).all()
        assert february
        assert all(amount == given for amount, given in february)


def test_the_quotient_of_the_source_documents_follows_from_its_income(town: Database) -> None:
    with town.reading() as session:
        row = session.execute(
            select(Quotient.value, Quotient.income_cents, Quotient.parts, Family.dependants)
            .join(Family, Family.id == Quotient.family_id)
            .where(Family.number == QF_542, Quotient.valid_from == date(2026, 1, 1))
        ).one()
        assert tuple(row) == (542, 108333 * 12, "2", 0)


def test_separated_parents_share_a_child_and_each_books_their_own_weeks(town: Database) -> None:
    with town.reading() as session:
        children = {
            number: set(
                session.scalars(
                    select(Person.number)
                    .join(Membership, Membership.person_id == Person.id)
                    .join(Family, Family.id == Membership.family_id)
                    .where(Family.number == number, Person.number.is_not(None))
                )
            )
            for number in (MOTHER, FATHER)
        }
        assert children[MOTHER] == children[FATHER] != set()
        weeks = {
            number: {
                day.isocalendar().week % 2
                for day in session.scalars(
                    select(Booking.date)
                    .join(Family, Family.id == Booking.family_id)
                    .where(Family.number == number, Booking.request_item_id.is_(None))
                )
            }
            for number in (MOTHER, FATHER)
        }
        assert weeks == {MOTHER: {0}, FATHER: {1}}


def test_the_deadlines_are_those_of_the_two_towns(town: Database) -> None:
    with town.reading() as session:
        rules = {
            (row.code, row.action): (
                row.kind,
                row.weekday,
                row.at_time.hour if row.at_time else None,
                row.days,
            )
            for row in session.execute(
                select(
                    Activity.code,
                    DeadlineRule.action,
                    DeadlineRule.kind,
                    DeadlineRule.weekday,
                    DeadlineRule.at_time,
                    DeadlineRule.days,
                ).join(Activity, Activity.id == DeadlineRule.activity_id)
            )
        }
        assert rules["MERC", "book"] == ("week_before", 3, 13, None)
        assert rules["MERC", "cancel"] == ("week_before", 0, 13, None)
        assert rules["CANT", "book"] == rules["GARD", "book"] == ("week_before", 3, 13, None)
        assert rules["VAC", "book"] == ("window", None, None, None)
        assert rules["VAC", "cancel"] == rules["TJ", "cancel"] == ("week_before", 0, 13, None)
        assert rules["EMS", "book"] == rules["EMS", "cancel"] == ("never", None, None, None)
        assert rules["MARM", "book"] == ("working_days", None, None, 3)


def test_the_calendar_is_that_of_zone_a(town: Database) -> None:
    with town.reading() as session:
        years = {
            year.label: (year.starts_on, year.ends_on) for year in session.scalars(select(SchoolYear)).all()
        }
        assert years["2025-2026"] == (date(2025, 7, 5), date(2026, 7, 3))
        assert years["2014-2015"] == (date(2014, 7, 5), date(2015, 7, 3))
        found = {
            (row.name, row.starts_on): row.ends_on
            for row in session.execute(select(Holiday.name, Holiday.starts_on, Holiday.ends_on))
        }
        assert found["Vacances d’hiver", date(2026, 2, 7)] == date(2026, 2, 22)
        assert found["Vacances de Noël", date(2025, 12, 20)] == date(2026, 1, 4)
        assert found["Lundi de Pâques", date(2026, 4, 6)] == date(2026, 4, 6)


def test_the_eve_leaves_work_in_every_state(town: Database) -> None:
    with town.reading() as session:
        found = dict(session.execute(select(Request.state, func.count()).group_by(Request.state)).all())
        assert {
            RequestState.ACCEPTED,
            RequestState.NEEDS_INFO,
            RequestState.IN_PROGRESS,
            RequestState.PENDING,
        } <= set(found)


def test_every_account_opens_with_the_public_password(town: Database) -> None:
    for account in DEMO_ACCOUNTS:
        actor = sign_in(town, CONTEXT, Credentials(account.login, PASSWORD))
        assert actor.login == account.login
        assert actor.roles


def test_the_night_s_file_is_whole_and_holds_every_kind(town: Database, tmp_path: Path) -> None:
    path = write_night_file(town, CONTEXT, tmp_path / "night", requests=400)
    assert verify_file(path).count == 400
    assert write_night_file(town, CONTEXT, tmp_path / "again", requests=400).read_bytes() == path.read_bytes()
    kinds = set()
    for raw in path.read_bytes().splitlines()[1:-1]:
        try:
            kinds.add(json.loads(raw)["kind"])
        except (ValueError, KeyError):
            continue
    assert kinds >= {
        "bookings",
        "cancellations",
        "absence",
        "enrolment",
        "withdrawal",
        "complement",
        "new_family",
        "family_sheet",
        "child_sheet",
        "document",
        "attestation",
        "message",
        "einvoice_consent",
    }


def test_the_night_s_file_goes_in_with_its_repeats_and_its_damage_told(tmp_path: Path) -> None:
    database = _new_base(tmp_path / "night.db")
    build(database, families=10)
    path = write_night_file(database, CONTEXT, tmp_path, requests=300)
    report = intake.import_path(database, CONTEXT, path)
    assert report.received == 300 == report.imported + report.duplicate + report.quarantined
    assert report.quarantined >= 10
    assert report.duplicate >= 1
    again = intake.import_path(database, CONTEXT, path)
    assert (again.batch_id, again.imported) == (report.batch_id, 0)
    assert again.received == again.duplicate == 300
    database.dispose()


def test_charges_of_the_past_explain_their_price(town: Database) -> None:
    with town.reading() as session:
        methods = set(session.scalars(select(Charge.trace["method"].as_string()).distinct()))
        assert methods == {"single", "qf_brackets", "effort_rate"}
        enrolments = session.scalar(select(func.count()).select_from(Enrolment))
        assert enrolments
        assert transaction.read(town, CONTEXT, lambda s, _c: s.scalar(select(func.count(Charge.id))))
