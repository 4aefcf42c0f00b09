"""Writing charges, invoices, payments and what they pay, as Noethys numbered and dated them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import func, select

from guichet.models.money import (
    Allocation,
    Charge,
    ChargeBooking,
    Deposit,
    DepositPayment,
    DocumentOrigin,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    Payment,
    Regie,
)
from guichet.models.people import Person
from guichet.services import identities, numbering
from guichet.services.noethys.drafts import Draft
from guichet.services.noethys.load import CHUNK, Loader, insert_rows
from guichet.services.noethys.map_offer import DEFAULT_REGIE, Offer
from guichet.services.noethys.money_values import ChargeValue, InvoiceValue, Money, PaymentValue
from guichet.services.payment_modes import mode_labels

IMPORTED = {"origin": DocumentOrigin.IMPORTED}


def load_money(loader: Loader, offer: Offer, money: Money, billed: Mapping[str, str]) -> None:
    """All the money, then the numbers each régie goes on from."""
    loader.add(Charge, [_charge_draft(charge) for charge in (*money.charges.values(), *money.counterparts)])
    _link_bookings(loader, billed)
    _load_invoices(loader, offer, money)
    _load_payments(loader, money)
    _load_allocations(loader, money)
    loader.merge(money.merged)
    _start_numbers(loader, money)


def _charge_draft(charge: ChargeValue) -> Draft:
    columns = {
        "date": charge.day,
        "label": charge.label,
        "unit_cents": charge.amount,
        "amount_cents": charge.amount,
        "eligible_cents": charge.eligible,
        "trace": dict(charge.trace),
        **IMPORTED,
    }
    refs = {
        "family_id": ("familles", charge.family),
        "child_id": ("individus", charge.child) if charge.child else None,
        "activity_id": ("activites", charge.activity) if charge.activity else None,
        "regie_id": charge.regie,
    }
    return Draft(charge.kind, charge.key, columns, refs, charge.digest)


def _link_bookings(loader: Loader, billed: Mapping[str, str]) -> None:
    """Say which charge bills each booking that came now."""
    rows = []
    for booking, charge in billed.items():
        booking_id, charge_id = loader.find("consommations", booking), loader.find("prestations", charge)
        if booking_id is not None and charge_id is not None and not loader.known("consommations", booking):
            rows.append({"booking_id": booking_id, "charge_id": charge_id})
    insert_rows(loader.session, ChargeBooking, rows)


def _load_invoices(loader: Loader, offer: Offer, money: Money) -> None:
    fresh = []
    taken = _already_billed(loader, money.invoices)
    for invoice in money.invoices:
        if not loader.known("factures", invoice.key) and any(line.ref in taken for line in invoice.lines):
            reason = f"facture {invoice.label} : des prestations sont déjà facturées dans Guichet"
            loader.tally.leave_out("factures", invoice.key, reason, invoice.total)
        else:
            fresh.append(invoice)
    holders = identities.holders(loader.session)
    regies = {row.id: row for row in loader.session.scalars(select(Regie))}
    heads = {row_id: _head(loader, regie) for row_id, regie in regies.items()}
    numbers = _Numbers(loader)
    drafts = []
    for invoice in fresh:
        regie = regies[loader.row_id(*invoice.regie)]
        holder = holders[loader.row_id("familles", invoice.family)]
        series, label = numbers.give(invoice, regie)
        drafts.append(_invoice_draft(invoice, series, label, holder, heads[regie.id]))
    inserted = {draft.key for draft in loader.add(Invoice, drafts)}
    _write_lines(loader, offer, [invoice for invoice in fresh if invoice.key in inserted])


class _Numbers:
    """The series and printed number of each invoice: Noethys's own, told apart where two bear the same."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        rows = loader.session.execute(
            select(Invoice.regie_id, Invoice.label, Invoice.series, Invoice.number).where(
                Invoice.kind == InvoiceKind.INVOICE
            )
        ).all()
        self._labels = {(row.regie_id, row.label) for row in rows}
        self._places = {(row.series, row.number) for row in rows}

    def give(self, invoice: InvoiceValue, regie: Regie) -> tuple[str, str]:
        if self._loader.known("factures", invoice.key):
            return regie.series, invoice.label
        series = regie.series if invoice.prefix in {"", regie.series} else f"{regie.series}/{invoice.prefix}"
        rank, wanted = 1, (series[:50], invoice.label)
        found = wanted
        while (regie.id, found[1]) in self._labels or (found[0], invoice.number) in self._places:
            rank += 1
            found = (f"{wanted[0]} ({rank})", f"{wanted[1]} ({rank})")
        if rank > 1:
            text = f"numéro {invoice.label} déjà porté par une autre facture : {found[1]} ici"
            self._loader.tally.note("factures", invoice.key, text)
        self._labels.add((regie.id, found[1]))
        self._places.add((found[0], invoice.number))
        return found


def _already_billed(loader: Loader, invoices: Iterable[InvoiceValue]) -> set[tuple[str, str]]:
    """The lines of invoices to come whose charge another document already carries."""
    lines = {
        charge_id: line.ref
        for invoice in invoices
        if not loader.known("factures", invoice.key)
        for line in invoice.lines
        if loader.known(*line.ref) and (charge_id := loader.find(*line.ref)) is not None
    }
    found = set()
    for some in _chunks(list(lines)):
        statement = select(InvoiceLine.charge_id).where(InvoiceLine.charge_id.in_(some))
        found |= {lines[charge_id] for charge_id in loader.session.scalars(statement)}
    return found


def _head(loader: Loader, regie: Regie) -> dict[str, Any]:
    head = asdict(identities.letterhead(loader.session, regie.name))
    del head["logo"]
    return {
        "letterhead": head,
        "payment_means": list(mode_labels(regie.modes)),
        "payee": regie.name,
        "notes": ["Facture émise avec Noethys, reprise dans Guichet."],
    }


def _invoice_draft(
    invoice: InvoiceValue, series: str, label: str, holder: identities.Holder, head: Mapping[str, Any]
) -> Draft:
    columns = {
        "kind": InvoiceKind.INVOICE,
        "series": series,
        "number": invoice.number,
        "label": label,
        "debtor": holder.debtor,
        "period_start": invoice.period_start,
        "period_end": invoice.period_end,
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on or invoice.issued_on,
        "total_cents": invoice.total,
        "line_count": len(invoice.lines),
        "printed": {
            **head,
            "family_number": holder.family_number,
            "previous_balance": 0,
            "payments": invoice.paid_at_issue,
            "balance_due": invoice.total - invoice.paid_at_issue,
            "qr_payload": "",
        },
        **IMPORTED,
    }
    refs = {"regie_id": invoice.regie, "family_id": ("familles", invoice.family)}
    return Draft("factures", invoice.key, columns, refs, invoice.digest)


def _write_lines(loader: Loader, offer: Offer, invoices: Sequence[InvoiceValue]) -> None:
    names = {
        row_id: f"{first_name} {last_name}".strip()
        for row_id, first_name, last_name in loader.session.execute(
            select(Person.id, Person.first_name, Person.last_name)
        )
    }
    rows = []
    for invoice in invoices:
        for position, line in enumerate(invoice.lines, start=1):
            plain = line.trace["method"] == "single"
            rows.append(
                {
                    "invoice_id": loader.row_id("factures", invoice.key),
                    "charge_id": loader.row_id(*line.ref),
                    "position": position,
                    "child_name": names[loader.row_id("individus", line.child)][:240] if line.child else None,
                    "activity_name": offer.activity_names[line.activity][:240] if line.activity else None,
                    "date": line.day,
                    "label": line.label[:240],
                    "quantity": 1,
                    "unit_cents": line.amount,
                    "amount_cents": line.amount,
                    "eligible_cents": line.eligible,
                    "quotient_used": line.quotient,
                    "quotient_since": _quotient_since(line.trace),
                    "explanation": "" if plain else line.trace["sentence"],
                }
            )
    insert_rows(loader.session, InvoiceLine, rows)


def _quotient_since(trace: Mapping[str, Any]) -> date | None:
    quotient = trace["quotient"]
    return date.fromisoformat(quotient["since"]) if quotient else None


def _load_payments(loader: Loader, money: Money) -> None:
    series = dict(loader.session.execute(select(Regie.id, Regie.series)).all())
    loader.add(
        Payment,
        [
            _payment_draft(payment, series[loader.row_id(*payment.regie)])
            for payment in money.payments.values()
        ],
    )
    used: dict[str, list[PaymentValue]] = {}
    for payment in money.payments.values():
        if payment.deposit:
            used.setdefault(payment.deposit, []).append(payment)
    drafts = []
    for deposit in money.deposits.values():
        regie = used[deposit.key][0].regie if deposit.key in used else DEFAULT_REGIE
        columns = {"name": deposit.name, "deposited_on": deposit.deposited_on, **IMPORTED}
        drafts.append(Draft("depots", deposit.key, columns, {"regie_id": regie}, deposit.digest))
    loader.add(Deposit, drafts)
    deposited = set(loader.session.scalars(select(DepositPayment.payment_id)))
    rows = [
        {"deposit_id": loader.row_id("depots", deposit), "payment_id": payment_id}
        for deposit, payments in used.items()
        for payment in payments
        if (payment_id := loader.row_id("reglements", payment.key)) not in deposited
    ]
    insert_rows(loader.session, DepositPayment, rows)


def _payment_draft(payment: PaymentValue, series: str) -> Draft:
    columns = {
        "series": series,
        "number": int(payment.key),
        "label": f"R{payment.key}",
        "payer_name": payment.payer_name,
        "mode": payment.mode,
        "mode_label": payment.mode_label,
        "received_on": payment.received_on,
        "amount_cents": payment.amount,
        "reference": payment.reference,
        "note": payment.note,
        **IMPORTED,
    }
    refs = {
        "regie_id": payment.regie,
        "family_id": ("familles", payment.family),
        "payer_id": ("individus", payment.payer) if payment.payer else None,
    }
    return Draft("reglements", payment.key, columns, refs, payment.digest)


def _load_allocations(loader: Loader, money: Money) -> None:
    """What each payment pays; a later file never gives more than what Guichet has left in either."""
    fresh = []
    spent, paid = _allocated(loader, money)
    for value in money.allocations:
        payment, charge = money.payments[value.payment], money.charges[value.charge]
        known = loader.known("ventilation", value.key)
        crowded = not known and (
            _exceeds(spent.get(value.payment), value.amount, payment.amount)
            or _exceeds(paid.get(value.charge), value.amount, charge.amount)
        )
        if crowded:
            reason = "dépasse ce que Guichet a laissé du règlement ou de la prestation"
            loader.tally.leave_out("ventilation", value.key, reason, value.amount)
            continue
        if not known and value.payment in spent:
            spent[value.payment] += value.amount
        if not known and value.charge in paid:
            paid[value.charge] += value.amount
        refs = {"payment_id": ("reglements", value.payment), "charge_id": ("prestations", value.charge)}
        fresh.append(Draft("ventilation", value.key, {"amount_cents": value.amount}, refs, value.digest))
    loader.add(Allocation, fresh)


def _allocated(loader: Loader, money: Money) -> tuple[dict[str, int], dict[str, int]]:
    """Cents already given by the payments, and taken by the charges, that came earlier."""
    earlier = [value for value in money.allocations if not loader.known("ventilation", value.key)]
    spent = _sums(loader, Allocation.payment_id, "reglements", {value.payment for value in earlier})
    paid = _sums(loader, Allocation.charge_id, "prestations", {value.charge for value in earlier})
    return spent, paid


def _sums(loader: Loader, column: Any, kind: str, keys: Collection[str]) -> dict[str, int]:
    ids = {loader.row_id(kind, key): key for key in keys if loader.known(kind, key)}
    sums = dict.fromkeys(ids.values(), 0)
    for some in _chunks(list(ids)):
        statement = select(column, func.sum(Allocation.amount_cents)).where(column.in_(some)).group_by(column)
        for row_id, cents in loader.session.execute(statement):
            sums[ids[row_id]] = int(cents)
    return sums


def _exceeds(before: int | None, amount: int, worth: int) -> bool:
    return before is not None and not min(worth, 0) <= before + amount <= max(worth, 0)


def _start_numbers(loader: Loader, money: Money) -> None:
    """The first number each régie gives itself follows the last one of Noethys, cancelled ones included."""
    series = dict(loader.session.execute(select(Regie.id, Regie.series)).all())
    last_payment = max((int(key) for key in money.payments), default=0)
    for regie in {*money.last_invoice_numbers, *(payment.regie for payment in money.payments.values())}:
        own = series[loader.row_id(*regie)]
        last = money.last_invoice_numbers.get(regie, 0)
        numbering.start_at(loader.session, own, InvoiceKind.INVOICE.value, max(last, 0) + 1)
        numbering.start_at(loader.session, own, "payment", max(last_payment, 0) + 1)


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
