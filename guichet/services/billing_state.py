"""Where the billing of a period stands, read from the base: what is invoiced, what remains, what leaves how."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.bookings import Booking
from guichet.models.money import ChargeBooking, DocumentOrigin, Invoice, InvoiceKind
from guichet.models.offer import Activity
from guichet.models.people import Consent, ConsentKind, Family, SendingMode
from guichet.models.settings import Journal
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.typography import count
from guichet.services import journal
from guichet.services.balances import is_on_a_document
from guichet.services.invoice_drafts import Draft, DraftInvoices, last_draft
from guichet.services.invoices import ISSUE_ACTION
from guichet.services.pricing import is_due
from guichet.services.transaction import Context, needs

SENT_ACTION = "billing.send"


@dataclass(frozen=True)
class Act:
    """Something done and journalled: a summary, by whom and when (UTC)."""

    summary: str
    login: str
    happened_at: datetime


@dataclass(frozen=True)
class PeriodState:
    """A period of some régies. `due` bookings are to be billed, `unpriced` of them have no charge (yet), `without_regie`
    have one that no régie collects.

    `draft` is what issuing would bill as the last pricing left it; `issued` to `issued_cents` are the invoices numbered
    here for exactly these days.
    """

    due: int
    unpriced: int
    without_regie: int
    draft: Draft
    issued: int
    issued_cents: int
    issued_on: date | None
    first_number: str
    last_number: str
    by_email: int
    by_paper: int
    without_consent: int
    last_issue: Act | None
    sendings: tuple[Act, ...]

    @property
    def blocked(self) -> int:
        """How many bookings a run would leave unbilled."""
        return self.unpriced + self.without_regie


@dataclass(frozen=True)
class SendingQuery:
    """The invoices issued for exactly these days, all or those that leave one way."""

    start: date
    end: date
    regie_ids: tuple[int, ...] = ()
    sending: SendingMode | None = None


class Sent(Enum):
    """How invoices left: one of them in words, several of them."""

    PRINTED = ("facture imprimée", "factures imprimées")
    SAVED = ("facture enregistrée en PDF", "factures enregistrées en PDF")


@dataclass(frozen=True)
class NoteSending:
    """Invoices written to files or printed, for the record."""

    invoice_ids: tuple[int, ...]
    how: Sent
    command_id: str | None = None


def sending_query(start: date, end: date, regie_ids: tuple[int, ...], mode: str) -> SendingQuery:
    """The query for a way of leaving by its code (`email`, `paper`)."""
    return SendingQuery(start, end, regie_ids, SendingMode(mode))


@needs(Permission.READ_BILLING)
def read(session: Session, context: Context, query: DraftInvoices) -> PeriodState:
    """Where a period stands, in a fixed number of queries."""
    due, unpriced, without_regie = _bookings(session, query)
    conditions = _issued(query.start, query.end, query.regie_ids)
    first, last = func.min(Invoice.id), func.max(Invoice.id)
    facts = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Invoice.total_cents), 0),
            func.max(Invoice.issued_on),
            first,
            last,
            func.count().filter(Family.sending_mode == SendingMode.EMAIL),
            func.count().filter((Family.sending_mode == SendingMode.EMAIL) & ~_consents()),
        )
        .select_from(Invoice)
        .join(Family, Family.id == Invoice.family_id)
        .where(*conditions)
    ).one()
    issued, cents, issued_on, first_id, last_id, by_email, without = facts
    labels = dict(
        session.execute(select(Invoice.id, Invoice.label).where(Invoice.id.in_([first_id, last_id]))).all()
    )
    acts = _acts(session, first_id, last_id)
    return PeriodState(
        due=due,
        unpriced=unpriced,
        without_regie=without_regie,
        draft=last_draft(session, context, query),
        issued=issued,
        issued_cents=int(cents),
        issued_on=issued_on,
        first_number=labels.get(first_id, ""),
        last_number=labels.get(last_id, ""),
        by_email=by_email,
        by_paper=issued - by_email,
        without_consent=without,
        last_issue=next((act for action, act in acts if action == ISSUE_ACTION), None),
        sendings=tuple(act for action, act in acts if action == SENT_ACTION),
    )


@needs(Permission.READ_BILLING)
def issued_ids(session: Session, context: Context, query: SendingQuery) -> tuple[int, ...]:
    """The invoices to send, in the order of their numbers, as they are put in envelopes."""
    statement = (
        select(Invoice.id)
        .join(Family, Family.id == Invoice.family_id)
        .where(*_issued(query.start, query.end, query.regie_ids))
        .order_by(Invoice.series, Invoice.number)
    )
    if query.sending is not None:
        statement = statement.where(Family.sending_mode == query.sending)
    return tuple(session.execute(statement).scalars())


@needs(Permission.READ_BILLING)
def note_sending(session: Session, context: Context, command: NoteSending) -> None:
    """Journal that invoices left, so that whoever comes back to the period knows. Raises UserError for none."""
    if not command.invoice_ids:
        raise UserError("Aucune facture à envoyer : changez de période ou de mode d’envoi.", code="nothing")
    journal.record(
        session,
        context,
        action=SENT_ACTION,
        subject=("invoice", command.invoice_ids[0]),
        summary=count(len(command.invoice_ids), *command.how.value),
        detail={"invoices": list(command.invoice_ids)},
    )


def _issued(start: date, end: date, regie_ids: tuple[int, ...]) -> list[Any]:
    conditions = [
        Invoice.kind == InvoiceKind.INVOICE,
        Invoice.origin == DocumentOrigin.GUICHET,
        Invoice.period_start == start,
        Invoice.period_end == end,
    ]
    return [*conditions, Invoice.regie_id.in_(regie_ids)] if regie_ids else conditions


def _bookings(session: Session, query: DraftInvoices) -> tuple[int, int, int]:
    charge = select(ChargeBooking.id).where(ChargeBooking.booking_id == Booking.id)
    to_collect = charge.where(~is_on_a_document(ChargeBooking.charge_id)).exists()
    statement = (
        select(
            func.count(),
            func.count().filter(~charge.exists()),
            func.count().filter(Activity.regie_id.is_(None), to_collect),
        )
        .select_from(Booking)
        .join(Activity, Activity.id == Booking.activity_id)
        .where(Booking.date.between(query.start, query.end), is_due())
    )
    if query.regie_ids:
        statement = statement.where(Activity.regie_id.in_(query.regie_ids))
    due, unpriced, without_regie = session.execute(statement).one()
    return due, unpriced, without_regie


def _consents() -> Any:
    """Whether the family's latest word on electronic invoices is yes."""
    latest = (
        select(Consent.given)
        .where(Consent.family_id == Family.id, Consent.kind == ConsentKind.EINVOICE)
        .order_by(Consent.given_at.desc(), Consent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(latest, False)


def _acts(session: Session, first_id: int | None, last_id: int | None) -> list[tuple[str, Act]]:
    if first_id is None or last_id is None:
        return []
    rows = session.execute(
        select(Journal.action, Journal.summary, Journal.login, Journal.happened_at)
        .where(
            Journal.action.in_([ISSUE_ACTION, SENT_ACTION]),
            Journal.subject_kind == "invoice",
            Journal.subject_id.between(first_id, last_id),
        )
        .order_by(Journal.id.desc())
    )
    return [(row.action, Act(row.summary, row.login, row.happened_at)) for row in rows]
