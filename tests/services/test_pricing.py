"""Pricing a period: what is billed, at which price, and that doing it again changes nothing."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select, update

from guichet.models.bookings import Attendance, Booking, BookingState
from guichet.models.database import Database
from guichet.models.money import Allocation, Charge, ChargeBooking, Payment, PaymentMode
from guichet.rules.errors import PermissionDenied, UserError
from guichet.rules.permissions import Role
from guichet.services import charge_lines, invoices, pricing, transaction
from guichet.services.charge_lines import ChargeQuery
from guichet.services.pricing import AnomalyCode, PricePeriod, PricingReport
from guichet.services.transaction import Context
from tests.services.billing_town import Town, found

MARCH = PricePeriod(date(2026, 3, 1), date(2026, 3, 31))
WEDNESDAYS = [date(2026, 3, day) for day in (4, 11, 18, 25)]


def _price(database: Database, context: Context, period: PricePeriod = MARCH) -> PricingReport:
    return transaction.run(database, context, pricing.price_period, period)


def _charges(database: Database) -> list[Charge]:
    with database.reading() as session:
        rows = list(session.execute(select(Charge).order_by(Charge.date, Charge.id)).scalars())
        session.expunge_all()  # the rows are looked at after the session
        return rows


def _counts(report: PricingReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.deleted, report.unchanged


def test_each_attended_booking_becomes_a_charge_at_its_price(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        town.effort(town.alsh, "0.0125", 200, 1500, eligible_mode="percentage", eligible_value=5000)
        town.quotient(family, 542, date(2026, 1, 1))
        town.book(town.enrol(family, town.child(family), town.alsh), town.journee, *WEDNESDAYS)
    report = _price(database, context)
    assert _counts(report) == (4, 0, 0, 0)
    charges = _charges(database)
    # 0,0125 × 542 = 6,775 € → 6,78 €; half of it is eligible: 3,39 €.
    assert [(row.date, row.unit_cents, row.amount_cents, row.eligible_cents) for row in charges] == [
        (day, 678, 678, 339) for day in WEDNESDAYS
    ]
    assert charges[0].trace["quotient"] == {"value": 542, "since": "2026-01-01", "source": "caf"}


def test_only_what_was_used_or_blocked_is_billed(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        town.single(town.alsh, 1000)
        enrolment = town.enrol(family, town.child(family), town.alsh)
        present, excused, absent, unknown = WEDNESDAYS
        town.book(enrolment, town.journee, present)
        town.book(enrolment, town.journee, excused, attendance=Attendance.ABSENT_EXCUSED)
        town.book(enrolment, town.journee, absent, attendance=Attendance.ABSENT_BILLED)
        town.book(enrolment, town.journee, unknown, attendance=Attendance.UNKNOWN)
        town.book(enrolment, town.journee, date(2026, 3, 5), state=BookingState.WAITING)
        town.book(enrolment, town.journee, date(2026, 3, 6), state=BookingState.CANCELLED)
        town.book(enrolment, town.journee, date(2026, 4, 1))
    _price(database, context)
    assert [row.date for row in _charges(database)] == [present, absent, unknown]


def test_an_activity_may_bill_excused_absences(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        town.alsh.excused_absence_free = False
        town.single(town.alsh, 1000)
        town.book(
            town.enrol(family, town.child(family), town.alsh),
            town.journee,
            WEDNESDAYS[0],
            attendance=Attendance.ABSENT_EXCUSED,
        )
    assert _price(database, context).created == 1


def test_twice_is_once_and_a_change_is_followed(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        tariff = town.single(town.alsh, 1000)
        town.single(town.canteen, 400)
        child = town.child(family)
        bookings = town.book(town.enrol(family, child, town.alsh), town.journee, *WEDNESDAYS)
        town.book(town.enrol(family, child, town.canteen), town.repas, *WEDNESDAYS[:2])
    _price(database, context)
    before = [(row.id, row.version, row.amount_cents) for row in _charges(database)]
    assert _counts(_price(database, context)) == (0, 0, 0, 6)
    assert [(row.id, row.version, row.amount_cents) for row in _charges(database)] == before

    with database.writing() as session:
        tariff = session.merge(tariff)
        tariff.amount_cents = 1100
        first = session.merge(bookings[0])
        first.attendance = Attendance.ABSENT_EXCUSED
    report = _price(database, context)
    assert _counts(report) == (0, 3, 1, 2)
    assert sorted(row.amount_cents for row in _charges(database)) == [400, 400, 1100, 1100, 1100]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ChargeBooking)) == 5


def test_the_quotient_of_the_day_prices_the_day(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        town.grid(town.alsh, (0, 600, 500), (600, None, 900))
        town.quotient(family, 542, date(2026, 1, 1), date(2026, 3, 10))
        town.quotient(family, 700, date(2026, 3, 11), date(2026, 3, 24))
        town.book(town.enrol(family, town.child(family), town.alsh), town.journee, *WEDNESDAYS)
    report = _price(database, context)
    assert [row.amount_cents for row in _charges(database)] == [500, 900, 900, 900]
    # The last Wednesday has no quotient in force: the maximum applies and the clerk is told.
    [warning] = [row for row in report.anomalies if row.code is AnomalyCode.NO_QUOTIENT]
    assert (warning.family_number, len(warning.booking_ids), warning.blocking) == ("F0001", 1, False)


def test_a_service_without_a_tariff_or_with_two_is_shown_and_not_billed_at_zero(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        child = town.child(family)
        town.single(town.canteen, 400)
        town.single(town.canteen, 450, slot_id=town.repas.id)
        alsh = town.book(town.enrol(family, child, town.alsh), town.journee, *WEDNESDAYS)
        meals = town.book(town.enrol(family, child, town.canteen), town.repas, WEDNESDAYS[0])
    report = _price(database, context)
    assert _charges(database) == []
    blocking = [row for row in report.anomalies if row.blocking]
    assert {row.code for row in blocking} == {AnomalyCode.UNPRICED}
    assert sorted(booking for row in blocking for booking in row.booking_ids) == [
        row.id for row in (*alsh, *meals)
    ]
    assert any("Plusieurs tarifs" in row.message for row in blocking)


def test_an_activity_without_a_regie_and_days_not_ticked_are_shown(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        ems = town.activity("EMS", "École municipale des sports", None)
        slot = town.slot(ems, "S", "Séance")
        town.single(ems, 300)
        enrolment = town.enrol(family, town.child(family), ems)
        town.book(enrolment, slot, *WEDNESDAYS, attendance=Attendance.UNKNOWN)
    report = _price(database, context)
    found_codes = {row.code: len(row.booking_ids) for row in report.anomalies}
    # The context's day is 18 March: the 25th cannot have been ticked yet.
    assert found_codes == {AnomalyCode.NO_REGIE: 4, AnomalyCode.NOT_TICKED: 3}


def test_what_is_paid_keeps_its_price(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        tariff = town.single(town.alsh, 1000)
        bookings = town.book(town.enrol(family, town.child(family), town.alsh), town.journee, *WEDNESDAYS[:2])
    _price(database, context)
    paid, _ = _charges(database)
    with database.writing() as session:
        _pay(session_town := replace(town, session=session), paid)
        session_town.session.merge(tariff).amount_cents = 1100
        session.execute(
            update(Booking)
            .where(Booking.id == bookings[0].id)
            .values(attendance=Attendance.UNKNOWN, state=BookingState.CANCELLED)
        )
    report = _price(database, context)
    assert [row.amount_cents for row in _charges(database)] == [1000, 1100]
    assert report.settled == 1
    assert [row.code for row in report.anomalies] == [AnomalyCode.SETTLED_NOT_DUE]


def _pay(town: Town, charge: Charge) -> None:
    payment = Payment(
        regie_id=charge.regie_id,
        series="AL",
        number=1,
        label="AL-1",
        family_id=charge.family_id,
        payer_name="Jeanne",
        mode=PaymentMode.CARD,
        mode_label="Carte",
        received_on=date(2026, 3, 1),
        amount_cents=charge.amount_cents,
    )
    town.session.add(payment)
    town.session.flush()
    town.session.add(Allocation(payment_id=payment.id, charge_id=charge.id, amount_cents=charge.amount_cents))


def test_only_the_regies_asked_for_are_priced(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        other = town.regie_row("SP")
        sport = town.activity("SPORT", "Stage sportif", other)
        slot = town.slot(sport, "S", "Séance")
        town.single(town.alsh, 1000)
        town.single(sport, 400)
        child = town.child(family)
        town.book(town.enrol(family, child, town.alsh), town.journee, WEDNESDAYS[0])
        town.book(town.enrol(family, child, sport), slot, WEDNESDAYS[0])
        sport_id, regie_id = sport.id, other.id
    _price(database, context, replace(MARCH, regie_ids=(regie_id,)))
    assert [row.activity_id for row in _charges(database)] == [sport_id]
    _price(database, context)
    assert len(_charges(database)) == 2


def test_dates_out_of_order_and_an_agent_without_the_right_are_refused(
    sqlite_database: Database, context: Context
) -> None:
    with pytest.raises(UserError):
        _price(sqlite_database, context, PricePeriod(date(2026, 3, 31), date(2026, 3, 1)))
    agent = replace(context, actor=replace(context.actor, roles=frozenset({Role.AGENT})))
    with pytest.raises(PermissionDenied):
        _price(sqlite_database, agent)


def test_each_line_says_why_it_costs_what_it_costs(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        town.grid(town.alsh, (0, 600, 500), (600, None, 900))
        town.single(town.canteen, 400)
        town.quotient(family, 542, date(2026, 1, 1))
        child = town.child(family)
        town.book(town.enrol(family, child, town.alsh), town.journee, WEDNESDAYS[0])
        town.book(town.enrol(family, child, town.canteen), town.repas, WEDNESDAYS[0])
    _price(database, context)
    query = ChargeQuery(family_id=1, start=MARCH.start, end=MARCH.end, uninvoiced=True)
    page = transaction.read(database, context, charge_lines.search, query)
    assert page.total == 2
    assert [(row.child, row.activity, row.amount_cents, row.quotient, row.invoice) for row in page.rows] == [
        ("Léa", "ALSH mercredi", 500, 542, ""),
        ("Léa", "Restauration", 400, None, ""),
    ]
    assert "QF 542 en vigueur depuis le 01/01/2026" in page.rows[0].explanation
    command = invoices.IssueInvoices(MARCH.start, MARCH.end)
    transaction.run(database, context, invoices.issue, command)
    assert transaction.read(database, context, charge_lines.search, query).total == 0
    billed = transaction.read(database, context, charge_lines.search, replace(query, uninvoiced=False))
    assert {row.invoice for row in billed.rows} == {"AL-1"}
