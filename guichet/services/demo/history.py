"""The demonstration's past, played through the real services: prices, invoices, payments and what they paid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.money import Charge, PaymentMode
from guichet.models.offer import Activity
from guichet.rules.allocation import Share
from guichet.services import invoices, pricing, transaction
from guichet.services.demo.people import Household
from guichet.services.demo.receipts import Receipt, record_receipts
from guichet.services.demo.sources import DUPONT, SOURCE_FAMILIES, find
from guichet.services.invoices import IssuedInvoice, IssueInvoices
from guichet.services.pricing import PricePeriod
from guichet.services.transaction import Context

_MONTHS = (
    (date(2025, 10, 1), date(2025, 10, 31), date(2025, 11, 5)),
    (date(2025, 11, 1), date(2025, 11, 30), date(2025, 12, 4)),
    (date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 7)),
    (date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 5)),
)
"""First and last day billed, and the day of issue."""

_MONTH_TO_BILL = (date(2026, 2, 1), date(2026, 2, 28))
_MODES = (
    (PaymentMode.ONLINE, 46),
    (PaymentMode.CHEQUE, 22),
    (PaymentMode.CARD, 12),
    (PaymentMode.CASH, 8),
    (PaymentMode.TRANSFER, 6),
    (PaymentMode.CESU, 4),
    (PaymentMode.ANCV, 2),
)


@dataclass(frozen=True)
class Past:
    """How many documents the past holds."""

    invoices: int
    payments: int


@dataclass(frozen=True)
class _Paid:
    """Money received and the day it came."""

    on: date
    receipt: Receipt


def play_history(database: Database, context: Context, rng: Random, households: Sequence[Household]) -> Past:
    """Play 2015's documents of seed 002, then each past month: what is paid at once, invoices, payments.

    February stays to be invoiced, its holidays already paid. Most families pay, some in part, a few never.
    """
    return _History(database, context, rng, households).play()


class _History:
    """Plays the past day by day, as the clerks and the families lived it."""

    def __init__(
        self, database: Database, context: Context, rng: Random, households: Sequence[Household]
    ) -> None:
        self._database = database
        self._context = context
        self._rng = rng
        self._households = households
        self._family_ids = {household.number: household.id for household in households}
        self._never_pays = {
            household.number
            for household in households
            if household.number not in SOURCE_FAMILIES and not household.archived and rng.random() < 0.03
        }
        self._invoices = 0
        self._payments = 0

    def play(self) -> Past:
        """Play it all."""
        self._year_2015()
        for start, end, issued_on in _MONTHS:
            self._pay_at_once(start, end)
            issued = self._issue(start, end, issued_on)
            self._pay([paid for invoice in issued for paid in self._habit(invoice, issued_on)])
        self._pay_at_once(*_MONTH_TO_BILL)
        return Past(self._invoices, self._payments)

    def _year_2015(self) -> None:
        """Seed 002: AL-12 is issued and paid by cheque AL-228, then AL-36 is issued, all on 8 April 2015."""
        day = date(2015, 4, 8)
        dupont = find(self._households, DUPONT)
        self._issue(date(2015, 2, 1), date(2015, 3, 31), day)
        self._pay([_Paid(day, Receipt(dupont.id, PaymentMode.CHEQUE, 243_20))])
        issued = self._issue(date(2015, 4, 1), date(2015, 4, 30), day, due_on=date(2015, 4, 30))
        self._pay(
            [
                # Dupont's school year ends with AL-36 unpaid, as its statement shows; it is settled afterwards.
                _Paid(
                    date(2015, 7, 15) if invoice.family_number == DUPONT else date(2015, 4, 27),
                    Receipt(self._family_ids[invoice.family_number], PaymentMode.CHEQUE, invoice.total_cents),
                )
                for invoice in issued
            ]
        )

    def _issue(
        self, start: date, end: date, issued_on: date, *, due_on: date | None = None
    ) -> tuple[IssuedInvoice, ...]:
        command = IssueInvoices(start, end, issued_on=issued_on, due_on=due_on)
        issued = transaction.run(self._database, self._on(issued_on), invoices.issue, command).invoices
        self._invoices += len(issued)
        return issued

    def _habit(self, invoice: IssuedInvoice, issued_on: date) -> list[_Paid]:
        """How a family pays an invoice: in full, in part, rounded up, or not."""
        drawn = self._rng.random()
        paid_on = issued_on + timedelta(days=self._rng.randrange(2, 21))
        mode = self._rng.choices([mode for mode, _ in _MODES], weights=[weight for _, weight in _MODES])[0]
        if invoice.family_number in self._never_pays or drawn < 0.012:
            return []
        amount = invoice.total_cents
        if drawn < 0.024:
            amount = max(1, amount * 60 // 100)
        elif drawn < 0.04:
            amount = (amount // 1000 + 1) * 1000
        return [_Paid(paid_on, Receipt(self._family_ids[invoice.family_number], mode, amount))]

    def _pay_at_once(self, start: date, end: date) -> None:
        """Pay online, before the period, what its activities ask at booking."""
        asked_on = start - timedelta(days=4)
        context = self._on(asked_on)
        transaction.run(self._database, context, pricing.price_period, PricePeriod(start, end))
        receipts = transaction.read(self._database, context, _paid_at_once, start, end)
        self._pay([_Paid(asked_on, receipt) for receipt in receipts])

    def _pay(self, paid: Sequence[_Paid]) -> None:
        """Record the payments in the order of their days, a transaction a day."""
        for day, group in groupby(sorted(paid, key=lambda one: one.on), key=lambda one: one.on):
            receipts = [one.receipt for one in group]
            self._payments += transaction.run(
                self._database, self._on(day), record_receipts, "AL", day, receipts
            )

    def _on(self, day: date) -> Context:
        return replace(self._context, now=datetime.combine(day, time(13, 0), tzinfo=UTC))


def _paid_at_once(session: Session, _context: Context, start: date, end: date) -> list[Receipt]:
    """What each family pays for the activities of the period that are paid when they are booked."""
    rows = session.execute(
        select(Charge.family_id, Charge.id, Charge.amount_cents)
        .join(Activity, Activity.id == Charge.activity_id)
        .where(Activity.paid_at_once, Charge.date.between(start, end), Charge.amount_cents > 0)
        .order_by(Charge.family_id, Charge.id)
    )
    receipts = []
    for family_id, group in groupby(rows, key=lambda row: row.family_id):
        shares = tuple(Share(row.id, row.amount_cents) for row in group)
        receipts.append(Receipt(family_id, PaymentMode.ONLINE, sum(share.amount for share in shares), shares))
    return receipts
