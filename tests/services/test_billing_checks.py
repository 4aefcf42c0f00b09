"""The checks before billing: each finds what it says, and nothing else; the preview is filtered by them in SQL."""

from datetime import date, timedelta

import pytest

from guichet.models.bookings import Attendance, Booking, BookingState
from guichet.models.database import Database
from guichet.models.money import Charge, ChargeBooking, PaymentMode
from guichet.models.people import Family, MemberRole, SendingMode
from guichet.rules.errors import UserError
from guichet.rules.tariffs import Problem
from guichet.services import (
    billing_checks,
    billing_state,
    billing_views,
    invoice_drafts,
    invoices,
    payment_views,
    payments,
    transaction,
)
from guichet.services.billable import Held
from guichet.services.billing_check_rows import Check
from guichet.services.billing_checks import CheckQuery, ChecksQuery
from guichet.services.billing_state import NoteSending, PeriodState, SendingQuery, Sent
from guichet.services.billing_views import ANY, PreviewQuery, PreviewRow
from guichet.services.invoice_drafts import Draft, DraftInvoices
from guichet.services.invoices import IssueInvoices, IssueResult
from guichet.services.payments import RecordPayment
from guichet.services.transaction import Context
from tests.services.billing_town import Town, add, found

FEBRUARY = (date(2026, 2, 1), date(2026, 2, 28))
MARCH = (date(2026, 3, 1), date(2026, 3, 31))
WEDNESDAYS = [date(2026, 3, day) for day in (4, 11, 18)]


def _draft(database: Database, context: Context, **fields: object) -> Draft:
    return transaction.run(database, context, invoice_drafts.draft, DraftInvoices(*MARCH, **fields))  # type: ignore[arg-type]


def _issue(
    database: Database, context: Context, period: tuple[date, date] = MARCH, **fields: object
) -> IssueResult:
    return transaction.run(database, context, invoices.issue, IssueInvoices(*period, **fields))  # type: ignore[arg-type]


def _counts(database: Database, context: Context) -> dict[Check, int]:
    found_counts = transaction.read(database, context, billing_checks.counts, ChecksQuery(*MARCH))
    return {one.check: one.rows for one in found_counts if one.rows}


def _families(database: Database, context: Context, check: Check) -> list[str]:
    query = CheckQuery(check=check, start=MARCH[0], end=MARCH[1])
    page = transaction.read(database, context, billing_checks.search, query)
    assert page.total == len(page.rows)
    return [row.family_label for row in page.rows]


def _preview(database: Database, context: Context, **fields: object) -> list[PreviewRow]:
    query = PreviewQuery(start=MARCH[0], end=MARCH[1], **fields)  # type: ignore[arg-type]
    return list(transaction.read(database, context, billing_views.preview, query).rows)


def _book(town: Town, name: str, *days: date, **fields: object) -> Family:
    family = town.family(name)
    town.book(town.enrol(family, town.child(family), town.alsh), town.journee, *days, **fields)  # type: ignore[arg-type]
    return family


def test_a_sound_month_has_nothing_to_look_at(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        _book(town, "Zola", *WEDNESDAYS)
    _draft(database, context)
    assert _counts(database, context) == {}


def test_no_tariff_two_tariffs_and_a_grid_with_a_hole_are_told_apart(
    database: Database, context: Context
) -> None:
    """The counts in SQL say what pricing itself says of the same bookings."""
    with database.writing() as session:
        town = found(session)
        ends = WEDNESDAYS[1]
        town.single(town.alsh, 1000, valid_until=ends)
        town.single(town.alsh, 1100, valid_from=ends, valid_until=ends)
        town.grid(town.canteen, (0, 300, 200))
        zola = _book(town, "Zola", *WEDNESDAYS)
        child = town.child(zola, "Denise")
        town.quotient(zola, 900, date(2026, 1, 1))
        town.book(town.enrol(zola, child, town.canteen), town.repas, WEDNESDAYS[0])
    draft = _draft(database, context)
    assert _counts(database, context) == {
        Check.TWO_TARIFFS: 1,
        Check.NO_TARIFF: 1,
        Check.INCOMPLETE_TARIFF: 1,
    }
    said = " ".join(anomaly.message for anomaly in draft.anomalies)
    assert all(words in said for words in ("Plusieurs tarifs", "Aucun tarif", "n’a pas de tranche"))
    assert sum(len(anomaly.booking_ids) for anomaly in draft.anomalies if anomaly.blocking) == 3
    assert {Problem.NO_TARIFF.value, Problem.TWO_TARIFFS.value} < {check.value for check in Check}


def test_a_tariff_for_residents_or_a_category_is_counted_as_pricing_does(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000, resident=True)
        town.single(town.alsh, 500, resident=False, category="agent")
        _book(town, "Zola", WEDNESDAYS[0])
        away = town.family("Hugo")
        away.resident = False
        town.book(town.enrol(away, town.child(away), town.alsh), town.journee, WEDNESDAYS[0])
        staff = town.family("Sand")
        staff.resident = False
        enrolment = town.enrol(staff, town.child(staff), town.alsh, tariff_category="agent")
        town.book(enrolment, town.journee, WEDNESDAYS[0])
    _draft(database, context)
    assert _families(database, context, Check.NO_TARIFF) == ["Hugo"]
    assert _counts(database, context) == {Check.NO_TARIFF: 1}


def test_each_warning_finds_its_families(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        town.grid(town.alsh, (0, None, 1000))
        unticked = _book(town, "Verne", WEDNESDAYS[0], attendance=Attendance.UNKNOWN)
        town.quotient(unticked, 500, date(2026, 1, 1))
        _book(town, "Hugo", WEDNESDAYS[0])
        guest = town.family("Sand")
        town.quotient(guest, 500, date(2026, 1, 1))
        (surprise,) = town.book(town.enrol(guest, town.child(guest), town.alsh), town.journee, WEDNESDAYS[0])
        surprise.booked_beforehand = False
        nobody = add(
            session, Family(number="N1", label="Personne", search_key="personne", sort_key="personne")
        )
        town.quotient(nobody, 500, date(2026, 1, 1))
        town.book(town.enrol(nobody, town.child(nobody), town.alsh), town.journee, WEDNESDAYS[0])
    _draft(database, context)
    assert _families(database, context, Check.NO_QUOTIENT) == ["Hugo"]
    assert _families(database, context, Check.NOT_TICKED) == ["Verne"]
    assert _families(database, context, Check.NOT_BOOKED) == ["Sand"]
    assert _families(database, context, Check.NO_PAYER) == ["Personne"]
    assert not any(check.blocking for check in _counts(database, context))


def test_an_invoice_of_more_than_three_times_the_month_before_is_unusual(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        steady = _book(town, "Hugo", date(2026, 2, 4), *WEDNESDAYS)
        assert steady.id
        family = town.family("Zola")
        town.book(
            town.enrol(family, town.child(family), town.alsh),
            town.journee,
            date(2026, 2, 4),
            *WEDNESDAYS,
            date(2026, 3, 25),
        )
    _issue(database, context, FEBRUARY)
    _draft(database, context)
    assert _families(database, context, Check.UNUSUAL) == ["Zola"], "exactly three times is not more"


def test_a_child_charged_twice_for_the_same_slot_by_two_families_is_seen(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        one, other = town.family("Hugo"), town.family("Zola")
        child = town.child(one)
        town.member(other, child, MemberRole.CHILD)
        booked = town.book(town.enrol(one, child, town.alsh), town.journee, WEDNESDAYS[0])
        moved = town.enrol(other, child, town.alsh, starts_on=date(2026, 3, 5))
        (second,) = town.book(moved, town.journee, WEDNESDAYS[1])
        assert booked
        second_id = second.id
    _draft(database, context)
    assert Check.DUPLICATE not in _counts(database, context)
    with database.writing() as session:
        charge = session.query(Charge).join(ChargeBooking).filter(ChargeBooking.booking_id == second_id).one()
        charge.date = WEDNESDAYS[0]
    assert sorted(_families(database, context, Check.DUPLICATE)) == ["Hugo", "Zola"]
    rows = _preview(database, context)
    assert all(Check.DUPLICATE in row.anomalies for row in rows)


def test_what_was_never_invoiced_before_the_period_is_recalled(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        _book(town, "Hugo", date(2026, 2, 4), *WEDNESDAYS)
    transaction.run(database, context, invoice_drafts.draft, DraftInvoices(*FEBRUARY))
    _draft(database, context)
    assert _families(database, context, Check.FORGOTTEN) == ["Hugo"]
    _issue(database, context, FEBRUARY)
    assert Check.FORGOTTEN not in _counts(database, context)


def test_what_is_invoiced_then_cancelled_is_seen(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        _book(town, "Hugo", WEDNESDAYS[0])
    _issue(database, context)
    with database.writing() as session:
        booking = session.query(Booking).one()
        booking.state, booking.attendance = BookingState.CANCELLED, Attendance.UNKNOWN
    assert _families(database, context, Check.SETTLED_NOT_DUE) == ["Hugo"]


def _month_of_three(database: Database, context: Context) -> None:
    """Hugo pays the same as in February, Zola 20 € more, Éluard is new and has no quotient."""
    with database.writing() as session:
        town = found(session)
        town.grid(town.alsh, (0, None, 1000))
        for name, days in (
            ("Hugo", [date(2026, 2, 4), WEDNESDAYS[0]]),
            ("Zola", [date(2026, 2, 4), *WEDNESDAYS]),
            ("Eluard", [WEDNESDAYS[0]]),
        ):
            family = _book(town, name, *days)
            family.sending_mode = SendingMode.EMAIL if name == "Zola" else SendingMode.PAPER
            if name != "Eluard":
                town.quotient(family, 542, date(2026, 1, 1))
    _issue(database, context, FEBRUARY)
    _draft(database, context)


def test_the_preview_says_payer_quotient_change_sending_and_anomalies(
    database: Database, context: Context
) -> None:
    _month_of_three(database, context)
    eluard, hugo, zola = _preview(database, context)
    assert (zola.payer, zola.quotients, zola.change_cents) == (
        "Madame Jeanne ZOLA",
        ((542, date(2026, 1, 1)),),
        2000,
    )
    assert (zola.sending, hugo.sending) == (SendingMode.EMAIL, SendingMode.PAPER)
    assert (hugo.change_cents, hugo.anomalies) == (0, ())
    assert (eluard.quotients, eluard.anomalies) == ((), (Check.NO_QUOTIENT,))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"anomaly": ANY}, ["Eluard"]),
        ({"anomaly": Check.NO_QUOTIENT.value}, ["Eluard"]),
        ({"anomaly": Check.NO_PAYER.value}, []),
        ({"changed": True}, ["Eluard", "Zola"]),
        ({"sending": SendingMode.EMAIL}, ["Zola"]),
        ({"text": "ZO"}, ["Zola"]),
        ({"sort": "change", "descending": True}, ["Zola", "Eluard", "Hugo"]),
        ({"sort": "total"}, ["Eluard", "Hugo", "Zola"]),
    ],
)
def test_the_preview_is_filtered_and_sorted_in_sql(
    database: Database, context: Context, fields: dict[str, object], expected: list[str]
) -> None:
    _month_of_three(database, context)
    rows = _preview(database, context, **fields)
    assert [row.family_label for row in rows] == expected
    totals = transaction.read(
        database,
        context,
        billing_views.preview_totals,
        PreviewQuery(start=MARCH[0], end=MARCH[1], **fields),  # type: ignore[arg-type]
    )
    assert (totals.invoices, totals.total_cents) == (len(rows), sum(row.total_cents for row in rows))


def test_a_family_held_out_is_neither_counted_nor_invoiced_and_waits_for_the_next_run(
    database: Database, context: Context
) -> None:
    _month_of_three(database, context)
    zola = next(row for row in _preview(database, context) if row.family_label == "Zola")
    held = (Held(zola.family_id, "Litige sur le 11 mars"),)
    draft = _draft(database, context, held=held)
    assert (draft.invoices, draft.total_cents) == (2, 2000)
    query = PreviewQuery(start=MARCH[0], end=MARCH[1], held_ids=(zola.family_id,))
    totals = transaction.read(database, context, billing_views.preview_totals, query)
    assert (totals.invoices, totals.total_cents, totals.held) == (2, 2000, 1)
    assert [row.held for row in _preview(database, context, held_ids=(zola.family_id,))] == [
        False,
        False,
        True,
    ]
    first = _issue(database, context, held=held, expected=draft.fingerprint)
    assert [row.total_cents for row in first.invoices] == [1000, 1000]
    second = _issue(database, context)
    assert [(row.family_number, row.total_cents) for row in second.invoices] == [(zola.family_number, 3000)]


def test_holding_a_family_out_asks_for_a_reason(database: Database, context: Context) -> None:
    _month_of_three(database, context)
    with pytest.raises(UserError, match="pourquoi"):
        _issue(database, context, held=(Held(1, "  "),))


def test_a_run_stopped_half_way_leaves_nothing(database: Database, context: Context) -> None:
    class Stopped(Exception):
        pass

    def stop(_done: int, _total: int, text: str) -> None:
        if "Numérotation" in text:
            raise Stopped

    _month_of_three(database, context)
    with pytest.raises(Stopped):
        transaction.run(database, context, invoices.issue, IssueInvoices(*MARCH), step=stop)
    issued = _issue(database, context)
    assert [row.number for row in issued.invoices] == ["AL-3", "AL-4", "AL-5"], "no number was lost"


def _state(database: Database, context: Context) -> PeriodState:
    return transaction.read(database, context, billing_state.read, DraftInvoices(*MARCH))


def test_where_a_period_stands_is_read_from_the_base(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        family = _book(town, "Zola", *WEDNESDAYS)
        family.sending_mode = SendingMode.EMAIL
        _book(town, "Hugo", WEDNESDAYS[0])
    before = _state(database, context)
    assert (before.due, before.unpriced, before.draft.invoices) == (4, 4, 0)
    draft = _draft(database, context)
    priced = _state(database, context)
    assert (priced.unpriced, priced.draft.fingerprint) == (0, draft.fingerprint)
    _issue(database, context, expected=priced.draft.fingerprint)
    after = _state(database, context)
    assert (after.issued, after.issued_cents, after.first_number, after.last_number) == (
        2,
        4000,
        "AL-1",
        "AL-2",
    )
    assert (after.by_email, after.by_paper, after.without_consent) == (1, 1, 1)
    assert after.last_issue is not None
    assert after.draft.invoices == 0


def test_the_invoices_to_send_are_parted_by_mode_and_their_sending_is_remembered(
    database: Database, context: Context
) -> None:
    _month_of_three(database, context)
    ids = [row.invoice_id for row in _issue(database, context).invoices]
    by_email = transaction.read(
        database, context, billing_state.issued_ids, SendingQuery(*MARCH, sending=SendingMode.EMAIL)
    )
    by_paper = transaction.read(
        database, context, billing_state.issued_ids, SendingQuery(*MARCH, sending=SendingMode.PAPER)
    )
    assert sorted((*by_email, *by_paper)) == ids
    assert len(by_email) == 1
    transaction.run(database, context, billing_state.note_sending, NoteSending(by_paper, Sent.PRINTED))
    (act,) = _state(database, context).sendings
    assert act.summary == "2\u00a0factures imprimées"


def test_a_payment_shows_what_it_paid_and_whether_it_can_be_undone(
    database: Database, context: Context
) -> None:
    _month_of_three(database, context)
    zola = next(row for row in _preview(database, context) if row.family_label == "Zola")
    _issue(database, context)
    paid = transaction.run(
        database,
        context,
        payments.record,
        RecordPayment(
            zola.family_id, zola.regie_id, PaymentMode.CHEQUE, 5000, context.now.date() - timedelta(1)
        ),
    )
    shown = transaction.read(database, context, payment_views.detail, paid.payment_id)
    assert sum(row.amount_cents for row in shown.allocations) == 4000
    assert (shown.credit_cents, shown.cancellable) == (1000, True)
    assert {row.invoice for row in shown.allocations} == {"AL-2", "AL-5"}
    transaction.run(
        database, context, payments.cancel, payments.CancelPayment(paid.payment_id, "Chèque impayé")
    )
    undone = transaction.read(database, context, payment_views.detail, paid.payment_id)
    assert sum(row.amount_cents for row in undone.allocations) == 0
    assert (undone.credit_cents, undone.cancellable) == (0, False)


def test_an_activity_that_no_regie_collects_blocks_the_run(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        free = town.activity("EMS", "École de sport", None)
        slot = town.slot(free, "S", "Séance")
        town.single(free, 500)
        family = town.family("Sand")
        town.book(town.enrol(family, town.child(family), free), slot, WEDNESDAYS[0])
    _draft(database, context)
    assert _counts(database, context) == {Check.NO_REGIE: 1}
    state = _state(database, context)
    assert (state.unpriced, state.without_regie, state.blocked) == (0, 1, 1)
    with pytest.raises(UserError, match="régie"):
        _issue(database, context)
