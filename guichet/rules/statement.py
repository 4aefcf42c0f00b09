"""A family's account: operations, previous balance, totals (seed 002, domain.md §7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from guichet.rules.text import format_date


@dataclass(frozen=True)
class Operation:
    """One numbered document of the account: a debit or a credit in cents, never both."""

    number: str
    dated: date
    description: str
    regie: str
    debit: int = 0
    credit: int = 0


@dataclass(frozen=True)
class Account:
    """The operations of a period, newest first, between two balances (positive: the family owes)."""

    period_start: date
    period_end: date
    previous_balance: int
    operations: tuple[Operation, ...]
    total_debit: int
    total_credit: int

    @property
    def balance(self) -> int:
        """Previous balance + debits − credits."""
        return self.previous_balance + self.total_debit - self.total_credit


def draw_up(operations: Iterable[Operation], period_start: date, period_end: date) -> Account:
    """Account of a period, both ends included; earlier operations make the previous balance, later ones are out.

    Newest first; operations of one day by their number read as text, highest first: seed 002 prints AL-36,
    AL-228, AL-12, all of 08/04/2015, an order that numbers read as figures would not give.
    """
    past = [operation for operation in operations if operation.dated <= period_end]
    within = [operation for operation in past if operation.dated >= period_start]
    within.sort(key=lambda operation: (operation.dated, operation.number), reverse=True)
    before = sum(operation.debit - operation.credit for operation in past if operation.dated < period_start)
    return Account(
        period_start=period_start,
        period_end=period_end,
        previous_balance=before,
        operations=tuple(within),
        total_debit=sum(operation.debit for operation in within),
        total_credit=sum(operation.credit for operation in within),
    )


def describe_invoice(period_start: date, period_end: date) -> str:
    """« Facture : 01/04/2015 - 30/04/2015 », as seed 002 prints it."""
    return f"Facture : {format_date(period_start)} - {format_date(period_end)}"


def describe_credit_note(refers_to: str) -> str:
    """« Avoir sur facture AL-36 »."""
    return f"Avoir sur facture {refers_to}" if refers_to else "Avoir"


def describe_payment(mode_label: str) -> str:
    """« Règlement : Chèque », as seed 002 prints it."""
    return f"Règlement : {mode_label}"


def describe_cancellation(mode_label: str, cancelled: str) -> str:
    """« Annulation du règlement AL-228 : Chèque »."""
    return f"Annulation du règlement {cancelled} : {mode_label}"


def describe_transfer(number: str) -> str:
    """« Titre émis (ORMC n°X) » (seed 002): the Trésor collects, the account is credited."""
    return f"Titre émis (ORMC n°{number})"
