"""What a check found wrong."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """An invariant that does not hold: which one, on what (`invoice:12`), and a French sentence."""

    code: str
    subject: str
    sentence: str
