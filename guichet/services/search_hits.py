"""What a search hands back: one thing found, whatever it is."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be found, in the order in which it is shown."""

    FAMILY = "family"
    CHILD = "child"
    REQUEST = "request"
    INVOICE = "invoice"
    PAYMENT = "payment"
    ATTESTATION = "attestation"


@dataclass(frozen=True)
class Hit:
    """One thing found: its id, its name, what tells it from others of the same name, the family it belongs to.

    `exact` when what was typed is its number. `family_id` is None for the request of a family not known yet.
    """

    kind: Kind
    subject_id: int
    title: str
    detail: str
    family_id: int | None
    exact: bool = False


def beside(*parts: str | None) -> str:
    """Several facts on one line, those that are known."""
    return " · ".join(part for part in parts if part)
