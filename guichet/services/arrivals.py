"""What a request that has just come in sets going: its proposal, and what a withdrawal, a complement or a late revision does."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from guichet.services.transaction import Context


@dataclass(frozen=True)
class Arrival:
    """A request written by this import; `superseded` where another revision carries it on, `too_late` if after taking up."""

    request_id: int
    kind: str
    superseded: bool
    too_late: bool
    refers_to_id: int | None


def receive(session: Session, context: Context, arrivals: Sequence[Arrival]) -> None:
    """Set new requests going, in the order of their lines."""
