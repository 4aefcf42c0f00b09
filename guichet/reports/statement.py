"""A family's statement of account over a school or calendar year, laid out as families know it (seed 002)."""

from dataclasses import dataclass
from datetime import date

from guichet.reports.letterhead import Letterhead, PostalAddress


@dataclass(frozen=True)
class StatementLine:
    """One operation (« AL-36 », « Facture : 01/04/2015 - 30/04/2015 »); debit or credit in cents, the other
    None.
    """

    number: str
    on: date
    description: str
    regie: str
    debit: int | None = None
    credit: int | None = None


@dataclass(frozen=True)
class Statement:
    """All that a statement prints, in cents. `balance` is positive when the family owes: previous + debits
    − credits.

    `uninvoiced` is what was consumed and not invoiced yet, shown apart and never added to the balance
    (None: not shown). Raises ValueError when totals or balance do not follow from the lines.
    """

    letterhead: Letterhead
    title: str
    period_start: date
    period_end: date
    issued_on: date
    family_number: str
    holder: PostalAddress
    previous_balance: int
    lines: tuple[StatementLine, ...]
    total_debit: int
    total_credit: int
    balance: int
    uninvoiced: int | None = None

    def __post_init__(self) -> None:
        debit = sum(line.debit or 0 for line in self.lines)
        credit = sum(line.credit or 0 for line in self.lines)
        if (debit, credit) != (self.total_debit, self.total_credit):
            raise ValueError(f"statement of {self.family_number}: the totals are not the sums of the lines")
        if self.balance != self.previous_balance + debit - credit:
            raise ValueError(
                f"statement of {self.family_number}: the balance does not follow from the totals"
            )
