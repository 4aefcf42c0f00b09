"""The fiscal attestation of one child, one payer and one year (domain.md §8, CGI art. 200 quater B)."""

from dataclasses import dataclass
from datetime import date

from guichet.reports.letterhead import Letterhead, PostalAddress


@dataclass(frozen=True)
class AttestationLine:
    """What was paid for one activity, meals left out (cents)."""

    activity: str
    amount: int


@dataclass(frozen=True)
class Attestation:
    """All that an attestation prints. `amount` is the eligible sum paid in the year, in cents; `replaces`
    the number of the version this one corrects, with `replaced_on` its date. Raises ValueError when details
    do not add up to `amount`.
    """

    letterhead: Letterhead
    number: str
    version: int
    year: int
    issued_on: date
    family_number: str
    payer: PostalAddress
    child_name: str
    child_birth_date: date
    care: str
    amount: int
    signatory_name: str
    signatory_title: str
    place: str = ""
    details: tuple[AttestationLine, ...] = ()
    replaces: str = ""
    replaced_on: date | None = None

    def __post_init__(self) -> None:
        if self.details and sum(line.amount for line in self.details) != self.amount:
            raise ValueError(f"attestation {self.number}: the details do not add up to the amount")
