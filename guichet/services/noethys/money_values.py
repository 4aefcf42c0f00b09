"""Charges, invoices, payments and what they pay: from Noethys's floats to frozen values in cents; no database here.

Whatever happens to one row, the two balances of a family stay those of the file: what is invoiced is the total
printed on the invoices, what is charged is the sum of the « prestations ».
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from guichet.models.money import PaymentMode
from guichet.services.noethys.drafts import Merged, Ref


@dataclass(frozen=True)
class ChargeValue:
    """One « prestation », deductions already taken off (they are in `montant`), in cents."""

    kind: str
    key: str
    digest: str | None
    family: str
    child: str | None
    activity: str | None
    regie: Ref
    day: date
    label: str
    amount: int
    eligible: int
    trace: Mapping[str, Any]
    invoice: str | None
    quotient: int | None

    @property
    def ref(self) -> Ref:
        return (self.kind, self.key)


@dataclass(frozen=True)
class InvoiceValue:
    """One « facture » with the charges it bills, in the order of its lines."""

    key: str
    digest: str
    regie: Ref
    prefix: str
    number: int
    label: str
    family: str
    issued_on: date
    due_on: date | None
    period_start: date
    period_end: date
    total: int
    paid_at_issue: int
    lines: tuple[ChargeValue, ...]


@dataclass(frozen=True)
class PaymentValue:
    """One « règlement »."""

    key: str
    digest: str
    regie: Ref
    family: str
    payer: str | None
    payer_name: str
    mode: PaymentMode
    mode_label: str
    received_on: date
    amount: int
    reference: str | None
    note: str | None
    deposit: str | None


@dataclass(frozen=True)
class AllocationValue:
    """Cents of a payment that pay a charge."""

    key: str
    digest: str
    payment: str
    charge: str
    amount: int


@dataclass(frozen=True)
class DepositValue:
    """A « dépôt »."""

    key: str
    digest: str
    name: str
    deposited_on: date


@dataclass
class Money:
    """All the money of the file."""

    charges: dict[str, ChargeValue] = field(default_factory=dict)
    counterparts: list[ChargeValue] = field(default_factory=list)
    invoices: list[InvoiceValue] = field(default_factory=list)
    payments: dict[str, PaymentValue] = field(default_factory=dict)
    allocations: list[AllocationValue] = field(default_factory=list)
    deposits: dict[str, DepositValue] = field(default_factory=dict)
    merged: list[Merged] = field(default_factory=list)
    last_invoice_numbers: dict[Ref, int] = field(default_factory=dict)
    last_payment_number: int = 0
    prefixes: dict[Ref, str] = field(default_factory=dict)
