"""What `guichet verify` recomputes about money: every figure from the rows, every difference named (model.md)."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, aliased

from guichet.models.money import (
    Allocation,
    Attestation,
    Charge,
    DocumentOrigin,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    Payment,
    TreasuryTitle,
)
from guichet.models.people import Family
from guichet.models.settings import Counter
from guichet.rules.money import format_euros
from guichet.rules.typography import count as counted
from guichet.services.attestation_register import KIND as ATTESTATION
from guichet.services.attestation_register import SERIES
from guichet.services.attestation_sums import year_sums
from guichet.services.attestations import content_hash
from guichet.services.balances import SIGN, balances
from guichet.services.findings import Finding
from guichet.services.numbering import document_label
from guichet.services.transaction import Context

_NET = func.sum(SIGN)
"""How many times documents bill a charge, credit notes deducted."""


def invoices_unlike_their_lines(session: Session, context: Context) -> Iterator[Finding]:
    """An invoice whose lines do not make its total, or that lacks a line."""
    rows = session.execute(
        select(
            Invoice.id,
            Invoice.label,
            Invoice.total_cents,
            func.coalesce(func.sum(InvoiceLine.amount_cents), 0).label("lines"),
        )
        .outerjoin(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .group_by(Invoice.id, Invoice.label, Invoice.total_cents, Invoice.line_count)
        .having(
            (func.coalesce(func.sum(InvoiceLine.amount_cents), 0) != Invoice.total_cents)
            | (func.count(InvoiceLine.id) != Invoice.line_count)
        )
    )
    for row in rows:
        yield Finding(
            "invoice_total",
            f"invoice:{row.id}",
            f"{row.label} : total {_euros(row.total_cents)}, somme de ses lignes {_euros(row.lines)}.",
        )


def lines_unlike_their_charge(session: Session, context: Context) -> Iterator[Finding]:
    """A line that does not bill its charge's amount to its charge's family."""
    rows = session.execute(
        select(InvoiceLine.id, Invoice.label, InvoiceLine.position)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .join(Charge, Charge.id == InvoiceLine.charge_id)
        .where((InvoiceLine.amount_cents != Charge.amount_cents) | (Invoice.family_id != Charge.family_id))
    )
    for row in rows:
        yield Finding(
            "line_charge",
            f"invoice_line:{row.id}",
            f"{row.label}, ligne {row.position} : elle ne dit plus ce que dit sa prestation.",
        )


def charges_billed_twice(session: Session, context: Context) -> Iterator[Finding]:
    """A charge that documents bill, credit notes deducted, other than once or not at all."""
    rows = session.execute(
        select(InvoiceLine.charge_id, _NET.label("times"))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .group_by(InvoiceLine.charge_id)
        .having(_NET.not_in((0, 1)))
    )
    for row in rows:
        yield Finding(
            "charge_billed_twice",
            f"charge:{row.charge_id}",
            f"La prestation {row.charge_id} est facturée {row.times} fois, avoirs déduits.",
        )


def credit_notes_above_their_invoice(session: Session, context: Context) -> Iterator[Finding]:
    """Credit notes that together take off more than the invoice they correct."""
    note = aliased(Invoice)
    rows = session.execute(
        select(Invoice.id, Invoice.label, Invoice.total_cents, func.sum(note.total_cents).label("notes"))
        .join(note, note.refers_to_id == Invoice.id)
        .group_by(Invoice.id, Invoice.label, Invoice.total_cents)
        .having(func.sum(note.total_cents) > Invoice.total_cents)
    )
    for row in rows:
        yield Finding(
            "credit_notes",
            f"invoice:{row.id}",
            f"{row.label} : avoirs de {_euros(row.notes)} pour une facture de {_euros(row.total_cents)}.",
        )


def payments_given_twice(session: Session, context: Context) -> Iterator[Finding]:
    """A payment that gives more than it is, or that gives still though cancelled."""
    contra = aliased(Payment)
    given = func.sum(Allocation.amount_cents)
    rows = session.execute(
        select(Payment.id, Payment.label, Payment.amount_cents, given.label("given"))
        .join(Allocation, Allocation.payment_id == Payment.id)
        .outerjoin(contra, contra.cancels_id == Payment.id)
        .group_by(Payment.id, Payment.label, Payment.amount_cents, contra.id)
        .having(
            case(
                (contra.id.is_not(None), given != 0),
                (Payment.amount_cents > 0, given > Payment.amount_cents),
                else_=given < Payment.amount_cents,
            )
        )
    )
    for row in rows:
        yield Finding(
            "payment_allocations",
            f"payment:{row.id}",
            f"Règlement {row.label} de {_euros(row.amount_cents)} : {_euros(row.given)} répartis.",
        )


def charges_paid_above_their_amount(session: Session, context: Context) -> Iterator[Finding]:
    """A charge to which payments gave more than it is, or the other way round."""
    given = func.sum(Allocation.amount_cents)
    rows = session.execute(
        select(Charge.id, Charge.label, Charge.amount_cents, given.label("given"))
        .join(Allocation, Allocation.charge_id == Charge.id)
        .group_by(Charge.id, Charge.label, Charge.amount_cents)
        .having(
            case(
                (Charge.amount_cents >= 0, (given > Charge.amount_cents) | (given < 0)),
                else_=(given < Charge.amount_cents) | (given > 0),
            )
        )
    )
    for row in rows:
        yield Finding(
            "charge_allocations",
            f"charge:{row.id}",
            f"« {row.label} » de {_euros(row.amount_cents)} : {_euros(row.given)} reçus.",
        )


def allocations_across_families(session: Session, context: Context) -> Iterator[Finding]:
    """Money of one family that pays another's charge."""
    rows = session.execute(
        select(Allocation.id, Payment.label)
        .join(Payment, Payment.id == Allocation.payment_id)
        .join(Charge, Charge.id == Allocation.charge_id)
        .where(Payment.family_id != Charge.family_id)
    )
    for row in rows:
        yield Finding(
            "allocation_family",
            f"allocation:{row.id}",
            f"Le règlement {row.label} paie la prestation d’une autre famille.",
        )


def cancellations_unlike_their_payment(session: Session, context: Context) -> Iterator[Finding]:
    """A contra-entry that does not undo exactly what it names."""
    cancelled = aliased(Payment)
    rows = session.execute(
        select(Payment.id, Payment.label, cancelled.label.label("cancelled"))
        .join(cancelled, cancelled.id == Payment.cancels_id)
        .where((Payment.amount_cents != -cancelled.amount_cents) | (Payment.family_id != cancelled.family_id))
    )
    for row in rows:
        yield Finding(
            "cancellation",
            f"payment:{row.id}",
            f"{row.label} n’annule pas exactement le règlement {row.cancelled}.",
        )


def balances_unlike_the_charges(session: Session, context: Context) -> Iterator[Finding]:
    """A family whose two balances, by documents and by charges, do not meet."""
    documents = balances(session)
    charged = _sums(session, _live_charges())
    paid = _sums(
        session,
        select(Payment.family_id, func.sum(Payment.amount_cents).label("cents")).group_by(Payment.family_id),
    )
    titles = _sums(session, _titles())
    numbers = {row.id: row.number for row in session.execute(select(Family.id, Family.number))}
    for family_id, found in sorted(documents.items()):
        expected = charged.get(family_id, 0) - paid.get(family_id, 0) - titles.get(family_id, 0)
        if found.with_uninvoiced != expected:
            yield Finding(
                "balances",
                f"family:{family_id}",
                f"Famille n° {numbers[family_id]} : solde {_euros(found.with_uninvoiced)} par ses documents, "
                f"{_euros(expected)} par ses prestations et règlements.",
            )


def numbers_with_a_gap(session: Session, context: Context) -> Iterator[Finding]:
    """A series whose numbers do not follow its start one by one up to its counter; imported documents are exempt."""
    for label, statement in _series().items():
        for row in session.execute(statement):
            count = row.highest - row.lowest + 1 if row.found else 0
            expected = row.next_number - row.start_number
            starts = not row.found or row.lowest == row.start_number
            if row.found != expected or count != expected or not starts:
                given = counted(expected, "numéro donné", "numéros donnés")
                yield Finding(
                    "number_gap",
                    f"counter:{row.id}",
                    f"Série {row.series} ({label}) : {counted(row.found, 'document')} pour {given}.",
                )


def attestations_unlike_their_payments(session: Session, context: Context) -> Iterator[Finding]:
    """An attestation that does not state what was paid in its year when it was issued, or was altered since."""
    rows = session.execute(select(Attestation).order_by(Attestation.year, Attestation.id)).scalars().all()
    moments: dict[tuple[int, int], list[Attestation]] = defaultdict(list)
    for row in rows:
        if content_hash(row.content) != row.sha256 or row.content["amount"] != row.amount_cents:
            yield Finding(
                "attestation_altered",
                f"attestation:{row.id}",
                f"L’attestation {document_label(SERIES, row.number)} n’est plus telle qu’elle a été délivrée.",
            )
        else:
            moments[row.year, row.content["through_allocation"]].append(row)
    for (year, through), issued in moments.items():
        yield from _attestations_of_a_moment(session, year, through, issued)


def _attestations_of_a_moment(
    session: Session, year: int, through: int, issued: Sequence[Attestation]
) -> Iterator[Finding]:
    sums = year_sums(session, year, family_ids={row.family_id for row in issued}, through=through)
    counted = {
        (subject.family_id, subject.child_id, payment): cents
        for subject, one in sums.items()
        for payment, cents in one.payments
    }
    for row in issued:
        paid = sum(
            counted.get((row.family_id, row.child_id, payment), 0) for payment, _ in row.content["payments"]
        )
        if paid != row.amount_cents:
            yield Finding(
                "attestation_sum",
                f"attestation:{row.id}",
                f"L’attestation {document_label(SERIES, row.number)} dit {_euros(row.amount_cents)}, "
                f"les règlements disent {_euros(paid)}.",
            )


def _live_charges() -> Select[int, int]:
    net = (
        select(InvoiceLine.charge_id, _NET.label("times"))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .group_by(InvoiceLine.charge_id)
        .subquery()
    )
    # A charge credited since is owed no more; one that no document carries is owed already.
    return (
        select(Charge.family_id, func.sum(Charge.amount_cents).label("cents"))
        .outerjoin(net, net.c.charge_id == Charge.id)
        .where(func.coalesce(net.c.times, 1) != 0)
        .group_by(Charge.family_id)
    )


def _titles() -> Select[int, int]:
    return (
        select(Invoice.family_id, func.sum(TreasuryTitle.amount_cents).label("cents"))
        .join(Invoice, Invoice.id == TreasuryTitle.invoice_id)
        .group_by(Invoice.family_id)
    )


def _sums(session: Session, statement: Select[int, int]) -> dict[int, int]:
    return {row.family_id: int(row.cents) for row in session.execute(statement)}


def _series() -> dict[str, Select[*tuple[Any, ...]]]:
    own = DocumentOrigin.GUICHET
    documents: dict[str, tuple[Any, Any]] = {
        InvoiceKind.INVOICE.value: (
            Invoice,
            (Invoice.series == Counter.series)
            & (Invoice.kind == InvoiceKind.INVOICE)
            & (Invoice.origin == own),
        ),
        InvoiceKind.CREDIT_NOTE.value: (
            Invoice,
            (Invoice.series == Counter.series)
            & (Invoice.kind == InvoiceKind.CREDIT_NOTE)
            & (Invoice.origin == own),
        ),
        "payment": (Payment, (Payment.series == Counter.series) & (Payment.origin == own)),
        ATTESTATION: (Attestation, Counter.series == SERIES),
    }
    return {
        kind: select(
            Counter.id,
            Counter.series,
            Counter.start_number,
            Counter.next_number,
            func.count(table.id).label("found"),
            func.coalesce(func.min(table.number), 0).label("lowest"),
            func.coalesce(func.max(table.number), 0).label("highest"),
        )
        .outerjoin(table, condition)
        .where(Counter.kind == kind)
        .group_by(Counter.id, Counter.series, Counter.start_number, Counter.next_number)
        for kind, (table, condition) in documents.items()
    }


def _euros(cents: Any) -> str:
    return format_euros(int(cents))


CHECKS: dict[str, Callable[[Session, Context], Iterator[Finding]]] = {
    "invoices": invoices_unlike_their_lines,
    "invoice_lines": lines_unlike_their_charge,
    "charges_billed": charges_billed_twice,
    "credit_notes": credit_notes_above_their_invoice,
    "payments": payments_given_twice,
    "charges_paid": charges_paid_above_their_amount,
    "allocations": allocations_across_families,
    "cancellations": cancellations_unlike_their_payment,
    "balances": balances_unlike_the_charges,
    "numbers": numbers_with_a_gap,
    "attestations": attestations_unlike_their_payments,
}
