"""The database itself refuses what must not happen, even to raw SQL."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from guichet.models.bookings import BookingState, EnrolmentState
from guichet.models.database import Database
from guichet.models.money import Bracket, Invoice, InvoiceLine, Payment, Tariff
from guichet.models.people import Quotient
from guichet.models.settings import SchoolYear
from tests import builders


def refused(session: Session, statement: str, **values: Any) -> bool:
    try:
        with session.begin_nested():
            session.execute(text(statement), values)
    except IntegrityError:
        return True
    return False


def add_invoice(session: Session, lines: int) -> Invoice:
    adult = builders.add_person(session)
    family = builders.add_family(session, adults=[adult])
    regie = builders.add_regie(session)
    invoice = Invoice(
        kind="invoice",
        regie_id=regie.id,
        series="AL",
        number=36,
        label="AL-36",
        family_id=family.id,
        debtor="MARTIN Camille",
        period_start=date(2026, 3, 1),
        period_end=date(2026, 3, 31),
        issued_on=date(2026, 4, 8),
        due_on=date(2026, 4, 30),
        total_cents=1000 * lines,
        line_count=lines,
        printed={},
    )
    session.add(invoice)
    session.flush()
    for position in range(lines):
        add_line(session, invoice, position)
    return invoice


def add_line(session: Session, invoice: Invoice, position: int) -> None:
    charge_id = session.execute(
        text(
            "INSERT INTO charge (family_id, date, label, unit_cents, amount_cents, eligible_cents, trace)"
            " VALUES (:family, '2026-03-04', 'Journée', 1000, 1000, 1000, '{}') RETURNING id"
        ),
        {"family": invoice.family_id},
    ).scalar_one()
    session.add(
        InvoiceLine(
            invoice_id=invoice.id,
            charge_id=charge_id,
            position=position,
            date=date(2026, 3, 4),
            label="Journée",
            quantity=1,
            unit_cents=1000,
            amount_cents=1000,
            eligible_cents=1000,
        )
    )
    session.flush()


def test_an_issued_invoice_and_its_lines_cannot_be_changed_nor_deleted(database: Database) -> None:
    with database.writing() as session:
        invoice = add_invoice(session, lines=2)
        assert refused(session, "UPDATE invoice SET total_cents = 1 WHERE id = :id", id=invoice.id)
        assert refused(session, "DELETE FROM invoice WHERE id = :id", id=invoice.id)
        assert refused(session, "UPDATE invoice_line SET amount_cents = 1")
        assert refused(session, "DELETE FROM invoice_line")


def test_no_line_can_be_added_to_an_issued_invoice(database: Database) -> None:
    with database.writing() as session:
        invoice = add_invoice(session, lines=2)
        with pytest.raises(IntegrityError, match="frozen:invoice_line"), session.begin_nested():
            add_line(session, invoice, 2)


def test_a_payment_and_the_journal_cannot_be_changed(database: Database) -> None:
    with database.writing() as session:
        invoice = add_invoice(session, lines=1)
        session.add(
            Payment(
                regie_id=invoice.regie_id,
                series="AL",
                number=228,
                label="AL-228",
                family_id=invoice.family_id,
                payer_name="MARTIN Camille",
                mode="cheque",
                mode_label="Chèque",
                received_on=date(2026, 4, 8),
                amount_cents=1000,
            )
        )
        session.execute(
            text(
                "INSERT INTO journal (happened_at, login, workstation, action, subject_kind, summary, digest)"
                " VALUES ('2026-03-18 08:00:00', 'a', 'b', 'c', 'd', 'e', 'f')"
            )
        )
        session.flush()
        assert refused(session, "UPDATE payment SET amount_cents = 2")
        assert refused(session, "DELETE FROM payment")
        assert refused(session, "UPDATE journal SET login = 'z'")
        assert refused(session, "DELETE FROM journal")


def test_postgresql_refuses_to_truncate_issued_documents(postgresql_database: Database) -> None:
    with postgresql_database.writing() as session:
        add_invoice(session, lines=1)
        assert refused(session, "TRUNCATE invoice CASCADE")
        assert refused(session, "TRUNCATE journal CASCADE")


def test_school_years_do_not_overlap_but_may_follow_each_other(database: Database) -> None:
    with database.writing() as session:
        session.add(SchoolYear(label="2025-2026", starts_on=date(2025, 7, 5), ends_on=date(2026, 7, 3)))
        session.flush()
        assert refused(
            session,
            "INSERT INTO school_year (label, starts_on, ends_on) VALUES ('x', '2026-07-03', '2027-07-01')",
        )
        assert not refused(
            session,
            "INSERT INTO school_year (label, starts_on, ends_on) VALUES ('y', '2026-07-04', '2027-07-01')",
        )
        assert refused(session, "UPDATE school_year SET starts_on = '2026-01-01' WHERE label = 'y'")


def test_enrolments_of_a_child_in_an_activity_do_not_overlap_unless_cancelled_or_of_another_family(
    database: Database,
) -> None:
    with database.writing() as session:
        child = builders.add_person(session, first_name="Zoé", birth_date=date(2019, 5, 4))
        mother = builders.add_family(session, "1", children=[child])
        father = builders.add_family(session, "2", children=[child])
        activity = builders.add_activity(session)
        first = builders.enrol(session, child, mother, activity)
        builders.enrol(session, child, father, activity)
        with pytest.raises(IntegrityError), session.begin_nested():
            builders.enrol(session, child, mother, activity)
        first.state = EnrolmentState.CANCELLED
        session.flush()
        builders.enrol(session, child, mother, activity)


def test_a_child_has_one_live_booking_of_a_slot_whichever_family_makes_it(database: Database) -> None:
    with database.writing() as session:
        child = builders.add_person(session, first_name="Zoé", birth_date=date(2019, 5, 4))
        mother = builders.add_family(session, "1", children=[child])
        father = builders.add_family(session, "2", children=[child])
        activity = builders.add_activity(session)
        slot = builders.slot_of(session, activity)
        day = date(2026, 3, 25)
        booking = builders.book(session, builders.enrol(session, child, mother, activity), slot, day)
        other = builders.enrol(session, child, father, activity)
        with pytest.raises(IntegrityError), session.begin_nested():
            builders.book(session, other, slot, day, BookingState.WAITING)
        booking.state = BookingState.CANCELLED
        session.flush()
        builders.book(session, other, slot, day)


def test_a_family_has_one_quotient_a_day_and_brackets_do_not_overlap(database: Database) -> None:
    with database.writing() as session:
        family = builders.add_family(session)
        activity = builders.add_activity(session)
        session.add(
            Quotient(
                family_id=family.id,
                source="caf",
                value=0,
                valid_from=date(2026, 1, 1),
                valid_until=date(2026, 12, 31),
            )
        )
        tariff = Tariff(
            code="t", name="T", activity_id=activity.id, method="qf_brackets", valid_from=date(2026, 1, 1)
        )
        session.add(tariff)
        session.flush()
        session.add(Bracket(tariff_id=tariff.id, qf_from=0, qf_below=600, amount_cents=300))
        session.add(Bracket(tariff_id=tariff.id, qf_from=600, qf_below=None, amount_cents=900))
        session.flush()
        assert refused(
            session,
            "INSERT INTO quotient (family_id, source, value, valid_from, valid_until)"
            " VALUES (:family, 'caf', 1, '2026-12-31', '2027-12-31')",
            family=family.id,
        )
        assert refused(
            session,
            "INSERT INTO bracket (tariff_id, qf_from, qf_below, amount_cents) VALUES (:tariff, 599, 600, 1)",
            tariff=tariff.id,
        )


def test_an_enumerated_value_outside_its_list_is_refused(database: Database) -> None:
    with database.writing() as session:
        family = builders.add_family(session)
        assert refused(session, "UPDATE family SET sending_mode = 'pigeon' WHERE id = :id", id=family.id)


def test_a_sum_of_cents_is_an_integer_on_both_engines(database: Database) -> None:
    with database.writing() as session:
        add_invoice(session, lines=3)
        total = session.execute(text("SELECT sum(amount_cents) FROM invoice_line")).scalar_one()
        assert (type(total), total) == (int, 3000)
