"""A month's invoices, issued once, in one transaction (domain.md §7)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    Row,
    Table,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.orm import Session

from guichet.models.money import Charge, DocumentOrigin, Invoice, InvoiceKind, InvoiceLine, Regie
from guichet.models.offer import Activity
from guichet.models.people import Person
from guichet.models.settings import Journal
from guichet.rules.errors import StaleVersion, UserError
from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.tariffs import TariffMethod
from guichet.rules.text import format_date, format_instant, paris_day
from guichet.rules.typography import agreed, count
from guichet.services import journal, numbering, pricing, settings
from guichet.services.allocations import allocate_credits
from guichet.services.balances import owed_by_regie
from guichet.services.billable import Held, charges_to_bill, to_bill
from guichet.services.bulk import insert_rows
from guichet.services.identities import Holder, holders, letterhead
from guichet.services.invoice_drafts import fingerprint_of
from guichet.services.payment_links import payfip_address
from guichet.services.payment_modes import mode_labels
from guichet.services.pricing import Anomaly, PricePeriod, Step, say_nothing
from guichet.services.transaction import Context, needs

_INVOICE: Table = Invoice.__table__  # type: ignore[assignment]
_LINE: Table = InvoiceLine.__table__  # type: ignore[assignment]
ISSUE_ACTION = "billing.issue"


@dataclass(frozen=True)
class IssueInvoices:
    """Issue the invoices of a period, dated `issued_on` (today when None), due `due_on` (the régie's delay when None).

    `expected` is the fingerprint of the draft that the clerk saw; empty when there was none. Blocking anomalies stop
    the run unless `despite_anomalies`: what they concern then stays to be billed.
    """

    start: date
    end: date
    regie_ids: tuple[int, ...] = ()
    issued_on: date | None = None
    due_on: date | None = None
    expected: str = ""
    despite_anomalies: bool = False
    held: tuple[Held, ...] = ()
    command_id: str | None = None


@dataclass(frozen=True)
class IssuedInvoice:
    """An invoice that this run issued."""

    invoice_id: int
    number: str
    family_number: str
    regie_id: int
    total_cents: int
    due_on: date


@dataclass(frozen=True)
class IssueResult:
    """What a run issued; `message` says why when that is nothing."""

    invoices: tuple[IssuedInvoice, ...]
    lines: int
    total_cents: int
    anomalies: tuple[Anomaly, ...]
    message: str = ""


@needs(Permission.ISSUE_INVOICES)
def issue(
    session: Session, context: Context, command: IssueInvoices, *, step: Step = say_nothing
) -> IssueResult:
    """Price the period anew, then number and freeze one invoice per family and régie, all or none.

    Nothing to bill, no invoice. Two clerks at once: the second waits, then is told who issued (a StaleVersion when it
    had seen a draft, else the result's message). `step` hears how far it is. Raises UserError while a service has no
    price or no régie, or when a family is held out without a reason.
    """
    if any(not one.reason.strip() for one in command.held):
        raise UserError("Indiquez pourquoi cette famille n’est pas facturée cette fois-ci.", field="reason")
    period = PricePeriod(command.start, command.end, command.regie_ids)
    report = pricing.recompute(session, context, period, step)
    groups = session.execute(to_bill(command.start, command.end, command.regie_ids, command.held)).all()
    if command.expected and command.expected != fingerprint_of(groups):
        raise StaleVersion(_changed_since(session))
    blocking = sum(len(anomaly.booking_ids) for anomaly in report.anomalies if anomaly.blocking)
    if blocking and not command.despite_anomalies:
        raise UserError(
            f"{count(blocking, 'prestation')} sans prix ou sans régie : corrigez les anomalies avant d’émettre.",
            code="billing_anomalies",
        )
    if not groups:
        return IssueResult((), 0, 0, report.anomalies, _nothing(session, command))
    step(0, len(groups), "Numérotation des factures")
    issued = _write(session, context, command, groups)
    allocate_credits(session, [(group.family_id, group.regie_id) for group in groups])
    result = IssueResult(
        invoices=issued,
        lines=sum(group.lines for group in groups),
        total_cents=sum(group.total_cents for group in groups),
        anomalies=report.anomalies,
    )
    _journal(session, context, command, result)
    return result


def _changed_since(session: Session) -> str:
    last = session.execute(
        select(Journal.login, Journal.happened_at, Journal.summary)
        .where(Journal.action == ISSUE_ACTION)
        .order_by(Journal.id.desc())
        .limit(1)
    ).first()
    if last is None:
        return "Le contenu de la période a changé depuis votre aperçu : relancez-le avant d’émettre."
    return (
        "Le contenu de la période a changé depuis votre aperçu : relancez-le. "
        f"Dernière émission : {last.summary}, par {last.login} le {format_instant(last.happened_at)}."
    )


def _nothing(session: Session, command: IssueInvoices) -> str:
    period = f"du {format_date(command.start)} au {format_date(command.end)}"
    already = session.execute(
        select(func.count())
        .select_from(Invoice)
        .where(Invoice.period_start <= command.end, Invoice.period_end >= command.start)
    ).scalar_one()
    if already:
        return f"Rien de plus à facturer {period} : {count(already, 'facture')} de cette période déjà {agreed(already, 'émise')}."
    return f"Rien à facturer {period}."


def _write(
    session: Session, context: Context, command: IssueInvoices, groups: Sequence[Row[Any]]
) -> tuple[IssuedInvoice, ...]:
    family_ids = {group.family_id for group in groups}
    people = holders(session, family_ids)
    before = owed_by_regie(session, family_ids)
    issued_on = command.issued_on or paris_day(context.now)
    regies = session.execute(select(Regie).order_by(Regie.id)).scalars()
    written: list[IssuedInvoice] = []
    for regie in regies:
        own = [group for group in groups if group.regie_id == regie.id]
        if not own:
            continue
        due_on = command.due_on or issued_on + timedelta(days=regie.due_days)
        sheet = _Sheet(session, regie, command, issued_on, due_on)
        first = numbering.take(session, regie.series, InvoiceKind.INVOICE.value, len(own))
        rows = [
            sheet.row(
                first + rank, group, people[group.family_id], before.get((group.family_id, regie.id), 0)
            )
            for rank, group in enumerate(own)
        ]
        ids = insert_rows(session, _INVOICE, rows)
        _copy_lines(session, command, regie.id, first, len(own))
        written += [
            IssuedInvoice(
                invoice_id,
                row["label"],
                people[row["family_id"]].family_number,
                regie.id,
                row["total_cents"],
                due_on,
            )
            for invoice_id, row in zip(ids, rows, strict=True)
        ]
    return tuple(written)


class _Sheet:
    """What every invoice of one régie and run prints alike, and the row of each."""

    def __init__(
        self, session: Session, regie: Regie, command: IssueInvoices, issued_on: date, due_on: date
    ) -> None:
        self._regie = regie
        self._command = command
        self._issued_on = issued_on
        self._due_on = due_on
        self._page = settings.get(session, "billing.payfip_page")
        self._numcli = settings.get(session, "billing.payfip_numcli").get(regie.code, "")
        head = asdict(letterhead(session, regie.name))
        del head["logo"]
        self._common: dict[str, Any] = {
            "letterhead": head,
            "payment_means": list(mode_labels(regie.modes)),
            "payee": regie.name,
            "notes": [line for line in regie.payment_terms.splitlines() if line.strip()],
        }

    def row(self, number: int, group: Row[Any], holder: Holder, previous: int) -> dict[str, Any]:
        """The invoice's row; `previous` is what the family owed this régie before it, cents."""
        label = numbering.document_label(self._regie.series, number)
        balance_due = previous + group.total_cents - group.paid_cents
        return {
            "kind": InvoiceKind.INVOICE,
            "regie_id": self._regie.id,
            "series": self._regie.series,
            "number": number,
            "label": label,
            "family_id": group.family_id,
            "debtor": holder.debtor,
            "period_start": self._command.start,
            "period_end": self._command.end,
            "issued_on": self._issued_on,
            "due_on": self._due_on,
            "total_cents": group.total_cents,
            "line_count": group.lines,
            "printed": {
                **self._common,
                "family_number": holder.family_number,
                "previous_balance": previous,
                "payments": group.paid_cents,
                "balance_due": balance_due,
                "qr_payload": self._qr_payload(number, max(balance_due, 0)),
            },
        }

    def _qr_payload(self, number: int, cents: int) -> str:
        return payfip_address(self._page, self._numcli, self._regie.series, number, self._issued_on, cents)


def _copy_lines(session: Session, command: IssueInvoices, regie_id: int, first: int, count: int) -> None:
    """Copy the charges onto the invoices just numbered, in SQL: child, activity, date."""
    trace = Charge.trace
    explanation = case(
        (trace["method"].as_string() == TariffMethod.SINGLE.value, ""),
        else_=func.coalesce(trace["note"].as_string(), trace["sentence"].as_string(), ""),
    )
    order = (Person.sort_key, Charge.child_id, Activity.name, Charge.date, Charge.id)
    source = (
        select(
            Invoice.id,
            Charge.id,
            func.row_number().over(partition_by=Invoice.id, order_by=order),
            Person.first_name + literal(" ") + Person.last_name,
            Activity.name,
            Charge.date,
            Charge.label,
            Charge.quantity,
            Charge.unit_cents,
            Charge.amount_cents,
            Charge.eligible_cents,
            trace["quotient"]["value"].as_integer(),
            func.date(trace["quotient"]["since"].as_string()),
            explanation,
        )
        .join(
            Invoice,
            and_(
                Invoice.family_id == Charge.family_id,
                Invoice.regie_id == Charge.regie_id,
                Invoice.kind == InvoiceKind.INVOICE,
                Invoice.origin == DocumentOrigin.GUICHET,
                Invoice.number.between(bindparam("first"), bindparam("last")),
            ),
        )
        .outerjoin(Person, Person.id == Charge.child_id)
        .outerjoin(Activity, Activity.id == Charge.activity_id)
        .where(*charges_to_bill(command.start, command.end, (regie_id,)))
    )
    columns = (
        "invoice_id",
        "charge_id",
        "position",
        "child_name",
        "activity_name",
        "date",
        "label",
        "quantity",
        "unit_cents",
        "amount_cents",
        "eligible_cents",
        "quotient_used",
        "quotient_since",
        "explanation",
    )
    session.execute(insert(_LINE).from_select(columns, source), {"first": first, "last": first + count - 1})
    _check_lines(session, regie_id, first, count)


def _check_lines(session: Session, regie_id: int, first: int, count: int) -> None:
    """An invoice whose lines do not make its total must never be committed."""
    wrong = (
        session.execute(
            select(Invoice.label)
            .outerjoin(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
            .where(
                Invoice.regie_id == regie_id,
                Invoice.kind == InvoiceKind.INVOICE,
                Invoice.origin == DocumentOrigin.GUICHET,
                Invoice.number.between(first, first + count - 1),
            )
            .group_by(Invoice.id, Invoice.label, Invoice.total_cents, Invoice.line_count)
            .having(
                (func.coalesce(func.sum(InvoiceLine.amount_cents), 0) != Invoice.total_cents)
                | (func.count(InvoiceLine.id) != Invoice.line_count)
            )
        )
        .scalars()
        .all()
    )
    if wrong:
        raise RuntimeError(f"the lines of {', '.join(wrong)} do not make their total")


def _journal(session: Session, context: Context, command: IssueInvoices, result: IssueResult) -> None:
    period = f"{format_date(command.start)} au {format_date(command.end)}"
    issued = count(len(result.invoices), "facture émise", "factures émises")
    journal.record(
        session,
        context,
        action=ISSUE_ACTION,
        subject=("invoice", result.invoices[0].invoice_id),
        summary=f"{issued} du {period}, {format_euros(result.total_cents)}",
        detail={
            "first": result.invoices[0].number,
            "last": result.invoices[-1].number,
            "lines": result.lines,
            "total_cents": result.total_cents,
            "despite_anomalies": command.despite_anomalies and bool(result.anomalies),
            "held": {one.family_id: one.reason for one in command.held},
        },
    )
