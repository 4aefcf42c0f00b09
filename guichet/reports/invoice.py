"""An invoice or a credit note as printed: all that is on the paper is in the frozen value."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from guichet.reports.letterhead import Letterhead, PostalAddress


@dataclass(frozen=True)
class InvoiceLine:
    """One line: amounts in cents, `amount` as invoiced (a credit note carries what it gives back).

    `child` is empty for what concerns the whole family. `quotient` is the quotient familial that set the
    price and `quotient_since` the day it took effect; both are None where the price does not depend on it
    or none was known. `note` is a sentence of the price's trace a family may need (« sans quotient : tarif
    maximum »).
    """

    child: str
    activity: str
    label: str
    quantity: Decimal
    unit_price: int
    amount: int
    unit: str = ""
    dates: str = ""
    quotient: int | None = None
    quotient_since: date | None = None
    note: str = ""


@dataclass(frozen=True)
class Invoice:
    """All that one invoice prints; cents everywhere, days are civil.

    `previous_balance` is what the family owed before this document (negative: in its favour), `payments`
    what was already received against it, `balance_due` what is asked for now. `qr_payload` is the text of
    the coupon's QR code; when empty the coupon carries the reference a clerk scans (series number, family,
    cents). Lines are printed in the order given, grouped by child then activity where consecutive. Raises
    ValueError when the total is not the sum of the lines.
    """

    letterhead: Letterhead
    number: str
    issued_on: date
    period_start: date
    period_end: date
    family_number: str
    debtor: PostalAddress
    lines: tuple[InvoiceLine, ...]
    total: int
    balance_due: int
    due_on: date | None = None
    kind: Literal["invoice", "credit_note"] = "invoice"
    refers_to: str = ""
    previous_balance: int = 0
    payments: int = 0
    payment_means: tuple[str, ...] = ()
    payee: str = ""
    qr_payload: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if sum(line.amount for line in self.lines) != self.total:
            raise ValueError(f"invoice {self.number}: the total is not the sum of its lines")
