"""Money received: recorded under a number, allocated to what is owed, cancelled by a contra-entry (domain.md §7)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, and_, func, insert, literal, select
from sqlalchemy.orm import Session, aliased

from guichet.models.money import (
    Allocation,
    DepositPayment,
    Payment,
    PaymentMode,
    Regie,
)
from guichet.models.people import Family, Person
from guichet.rules.allocation import Share, credit_left
from guichet.rules.errors import UserError
from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.text import fold, paris_day
from guichet.services import journal, numbering
from guichet.services.allocations import credits_of, write_shares
from guichet.services.identities import holders, person_name
from guichet.services.paging import Page, PageQuery
from guichet.services.payment_modes import MODE_LABELS, mode_labels
from guichet.services.payment_targets import Target, shares_of
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class RecordPayment:
    """Money received. Without `targets` the oldest invoices are paid first; what is left stays as credit.

    `payer_id` None: the family's payer. `received_on` is the day of collection, which the fiscal attestation follows.
    """

    family_id: int
    regie_id: int
    mode: PaymentMode
    amount_cents: int
    received_on: date
    payer_id: int | None = None
    reference: str = ""
    note: str = ""
    targets: tuple[Target, ...] = ()
    command_id: str | None = None


@dataclass(frozen=True)
class AllocateCredit:
    """Spend what is left of a payment; without `targets` on the oldest invoices first."""

    payment_id: int
    targets: tuple[Target, ...] = ()
    command_id: str | None = None


@dataclass(frozen=True)
class CancelPayment:
    """Undo a payment by a contra-entry of this day."""

    payment_id: int
    reason: str
    command_id: str | None = None


@dataclass(frozen=True)
class PaymentResult:
    """A payment as recorded, with what it paid and what is left of it, in cents."""

    payment_id: int
    number: str
    amount_cents: int
    shares: tuple[Share, ...]
    credit_cents: int


@dataclass(frozen=True)
class PaymentQuery(PageQuery):
    """Which payments; newest first by default. `text`: a number, a reference, a family's name or number."""

    payment_id: int | None = None
    family_id: int | None = None
    regie_id: int | None = None
    start: date | None = None
    end: date | None = None
    text: str = ""
    sort: str = "received_on"
    descending: bool = True


@dataclass(frozen=True)
class PaymentRow:
    """A payment in a list; `cancelled_by` is the number of its contra-entry, `cancels` what it undoes itself."""

    payment_id: int
    number: str
    family_id: int
    family_number: str
    family_label: str
    payer_name: str
    mode_label: str
    received_on: date
    amount_cents: int
    allocated_cents: int
    reference: str
    cancels: str
    cancelled_by: str


@needs(Permission.RECORD_PAYMENTS)
def record(session: Session, context: Context, command: RecordPayment) -> PaymentResult:
    """Number a payment and allocate it, in one transaction.

    Raises UserError for an amount of nothing, a day to come, a means that the régie's act does not list, a target that
    is another account's or owes less than it is given.
    """
    regie = _lock_account(session, command.family_id, command.regie_id)
    _check(context, command, regie)
    payer_id, payer_name = _payer(session, command.family_id, command.payer_id)
    number = numbering.take(session, regie.series, "payment")
    label = numbering.document_label(regie.series, number)
    payment_id = session.execute(
        insert(Payment)
        .values(
            regie_id=regie.id,
            series=regie.series,
            number=number,
            label=label,
            family_id=command.family_id,
            payer_id=payer_id,
            payer_name=payer_name,
            mode=command.mode,
            mode_label=MODE_LABELS[command.mode],
            received_on=command.received_on,
            amount_cents=command.amount_cents,
            reference=command.reference or None,
            note=command.note or None,
        )
        .returning(Payment.id)
    ).scalar_one()
    account = (command.family_id, command.regie_id)
    shares = shares_of(session, account, command.amount_cents, command.targets)
    write_shares(session, payment_id, shares)
    journal.record(
        session,
        context,
        action="payment.record",
        subject=("payment", payment_id),
        summary=f"Règlement {label} : {format_euros(command.amount_cents)}, {MODE_LABELS[command.mode]}",
        detail={"family": command.family_id, "shares": {share.charge_id: share.amount for share in shares}},
    )
    left = credit_left(command.amount_cents, shares)
    return PaymentResult(payment_id, label, command.amount_cents, tuple(shares), left)


@needs(Permission.RECORD_PAYMENTS)
def allocate_credit(session: Session, context: Context, command: AllocateCredit) -> PaymentResult:
    """Spend what a payment has left; it keeps its day. Raises UserError when nothing is left."""
    payment = _payment(session, command.payment_id)
    account = (payment.family_id, payment.regie_id)
    _lock_account(session, *account)
    left = {credit.payment_id: credit.left for credit in credits_of(session, [account]).get(account, [])}
    credit = left.get(payment.id, 0)
    if not credit:
        raise UserError(f"Il ne reste rien à répartir du règlement {payment.label}.", code="no_credit")
    shares = shares_of(session, account, credit, command.targets)
    write_shares(session, payment.id, shares)
    journal.record(
        session,
        context,
        action="payment.allocate",
        subject=("payment", payment.id),
        summary=f"Crédit du règlement {payment.label} réparti",
        detail={"shares": {share.charge_id: share.amount for share in shares}},
    )
    return PaymentResult(
        payment.id, payment.label, payment.amount_cents, tuple(shares), credit_left(credit, shares)
    )


@needs(Permission.RECORD_PAYMENTS)
def cancel(session: Session, context: Context, command: CancelPayment) -> PaymentResult:
    """Undo a payment: a contra-entry of this day, and counter-rows that keep the payment's own day.

    Raises UserError without a reason, for a payment already cancelled, a contra-entry, or one handed to the bank.
    """
    payment = _payment(session, command.payment_id)
    regie = _lock_account(session, payment.family_id, payment.regie_id)
    _check_cancellable(session, payment, command.reason)
    rows = session.execute(
        select(Allocation.id, Allocation.charge_id, Allocation.amount_cents).where(
            Allocation.payment_id == payment.id,
            Allocation.reverses_id.is_(None),
            Allocation.id.not_in(select(Allocation.reverses_id).where(Allocation.reverses_id.is_not(None))),
        )
    ).all()
    for row in rows:
        session.execute(
            insert(Allocation).values(
                payment_id=payment.id,
                charge_id=row.charge_id,
                amount_cents=-row.amount_cents,
                reverses_id=row.id,
            )
        )
    number = numbering.take(session, regie.series, "payment")
    label = numbering.document_label(regie.series, number)
    contra_id = session.execute(
        insert(Payment)
        .values(
            regie_id=regie.id,
            series=regie.series,
            number=number,
            label=label,
            family_id=payment.family_id,
            payer_id=payment.payer_id,
            payer_name=payment.payer_name,
            mode=payment.mode,
            mode_label=payment.mode_label,
            received_on=paris_day(context.now),
            amount_cents=-payment.amount_cents,
            note=command.reason,
            cancels_id=payment.id,
        )
        .returning(Payment.id)
    ).scalar_one()
    journal.record(
        session,
        context,
        action="payment.cancel",
        subject=("payment", payment.id),
        summary=f"Règlement {payment.label} annulé par {label} : {format_euros(payment.amount_cents)}",
        detail={"reason": command.reason, "contra": contra_id},
    )
    undone = tuple(Share(row.charge_id, -row.amount_cents) for row in rows)
    return PaymentResult(contra_id, label, -payment.amount_cents, undone, 0)


@needs(Permission.READ_BILLING)
def search(session: Session, context: Context, query: PaymentQuery) -> Page[PaymentRow]:
    """Payments, filtered, sorted and paged in SQL: two queries."""
    undone, contra = aliased(Payment), aliased(Payment)
    given = (
        select(func.coalesce(func.sum(Allocation.amount_cents), 0))
        .where(Allocation.payment_id == Payment.id)
        .scalar_subquery()
    )
    statement = (
        select(
            Payment,
            Family.number.label("family_number"),
            Family.label.label("family_label"),
            given.label("given"),
            undone.label.label("cancels"),
            contra.label.label("cancelled_by"),
        )
        .join(Family, Family.id == Payment.family_id)
        .outerjoin(undone, undone.id == Payment.cancels_id)
        .outerjoin(contra, contra.cancels_id == Payment.id)
    )
    if query.payment_id is not None:
        statement = statement.where(Payment.id == query.payment_id)
    if query.family_id is not None:
        statement = statement.where(Payment.family_id == query.family_id)
    if query.regie_id is not None:
        statement = statement.where(Payment.regie_id == query.regie_id)
    if query.start is not None:
        statement = statement.where(Payment.received_on >= query.start)
    if query.end is not None:
        statement = statement.where(Payment.received_on <= query.end)
    if query.text.strip():
        typed = query.text.strip()
        names = [Family.search_key.contains(word, autoescape=True) for word in fold(typed).split()]
        statement = statement.where(
            func.upper(Payment.label).startswith(typed.upper(), autoescape=True)
            | func.upper(Payment.reference).contains(typed.upper(), autoescape=True)
            | (Family.number == typed)
            | (and_(*names) if names else literal(False))
        )
    total = session.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
    sorts = {
        "received_on": (Payment.received_on, Payment.number),
        "number": (Payment.series, Payment.number),
        "family_label": (Family.sort_key,),
        "amount_cents": (Payment.amount_cents,),
    }
    order = (*sorts.get(query.sort, sorts["received_on"]), Payment.id)
    rows = session.execute(
        statement.order_by(*(key.desc() if query.descending else key for key in order))
        .limit(query.size)
        .offset(query.offset)
    )
    return Page(tuple(_row(row) for row in rows), total, query.offset)


def _row(row: Row[Any]) -> PaymentRow:
    payment: Payment = row[0]
    return PaymentRow(
        payment_id=payment.id,
        number=payment.label,
        family_id=payment.family_id,
        family_number=row.family_number,
        family_label=row.family_label,
        payer_name=payment.payer_name,
        mode_label=payment.mode_label,
        received_on=payment.received_on,
        amount_cents=payment.amount_cents,
        allocated_cents=int(row.given),
        reference=payment.reference or "",
        cancels=row.cancels or "",
        cancelled_by=row.cancelled_by or "",
    )


def _lock_account(session: Session, family_id: int, regie_id: int) -> Regie:
    """Wait for pricing and invoicing of the régie, and for whoever else pays for this family."""
    regie = session.execute(
        select(Regie).where(Regie.id == regie_id).with_for_update(read=True)
    ).scalar_one_or_none()
    if regie is None:
        raise UserError("Cette régie n’existe pas : choisissez-en une autre.", field="regie")
    # A lock that leaves alone those who only refer to the family.
    family = select(Family.id).where(Family.id == family_id).with_for_update(key_share=True)
    if session.execute(family).first() is None:
        raise UserError("Cette famille n’existe plus : relancez la recherche.", field="family")
    return regie


def _check(context: Context, command: RecordPayment, regie: Regie) -> None:
    if command.amount_cents <= 0:
        raise UserError("Un règlement est d’un montant supérieur à zéro.", field="amount")
    if command.received_on > paris_day(context.now):
        raise UserError("La date d’encaissement est dans le futur : corrigez-la.", field="received_on")
    if command.mode.value not in regie.modes:
        allowed = ", ".join(mode_labels(regie.modes))
        raise UserError(
            f"La régie « {regie.name} » n’accepte pas ce moyen de paiement. Elle accepte : {allowed}.",
            field="mode",
        )
    if not regie.collects:
        raise UserError(
            f"La régie « {regie.name} » n’encaisse pas : orientez la famille vers la trésorerie.",
            field="regie",
        )


def _payer(session: Session, family_id: int, payer_id: int | None) -> tuple[int | None, str]:
    if payer_id is None:
        holder = holders(session, [family_id])[family_id]
        return holder.payer_id, holder.address.name
    person = session.get(Person, payer_id)
    if person is None:
        raise UserError("Cette personne n’existe plus : choisissez un autre payeur.", field="payer")
    return person.id, person_name(person.civility, person.first_name, person.last_name)


def _payment(session: Session, payment_id: int) -> Payment:
    payment = session.get(Payment, payment_id)
    if payment is None:
        raise UserError("Ce règlement n’existe pas : relancez la recherche.", code="payment_unknown")
    return payment


def _check_cancellable(session: Session, payment: Payment, reason: str) -> None:
    if not reason.strip():
        raise UserError("Indiquez le motif de l’annulation.", field="reason")
    if payment.cancels_id is not None or payment.amount_cents < 0:
        raise UserError(f"{payment.label} est une écriture d’annulation : elle ne s’annule pas.")
    contra = session.execute(
        select(Payment.label).where(Payment.cancels_id == payment.id)
    ).scalar_one_or_none()
    if contra is not None:
        raise UserError(f"Le règlement {payment.label} a déjà été annulé par {contra}.", code="cancelled")
    deposited = session.execute(
        select(DepositPayment.id).where(DepositPayment.payment_id == payment.id)
    ).first()
    if deposited is not None:
        raise UserError(
            f"Le règlement {payment.label} est déjà remis en banque : il ne s’annule plus ici.",
            code="deposited",
        )
