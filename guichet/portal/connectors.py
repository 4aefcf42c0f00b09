"""The seam between portals and the desk: a connector fetches, acknowledges and sends answers, and nothing else.

Every portal program fits it the same way. A connector brings *deliveries*: batches of raw items already spooled to a
local file in a stable order, so that an import killed half-way reads them again from where it stopped (a page of
w.c.s. forms, the dossiers of a GraphQL cursor and our own exchange file all become one). The connector's *mapping*
turns each raw item into a request; only the import service writes to the base.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from guichet.portal.mapping import Mapping
from guichet.portal.reader import RawLine
from guichet.portal.wire import Attachment


@dataclass(frozen=True)
class Report:
    """What became of a delivery. For one taken in, received = imported + duplicate + quarantined.

    `batch_id` is the town's own number for the batch; `quarantine` holds (line, reason) of the first lines kept aside.
    """

    batch_id: int
    portal: str
    batch: str
    source: str
    sha256: str
    received: int
    imported: int
    duplicate: int
    quarantined: int
    refusal: str | None
    already_known: bool
    quarantine: tuple[tuple[int, str], ...]

    @property
    def counts(self) -> dict[str, int]:
        """The four counts under their published names."""
        return {
            "received": self.received,
            "imported": self.imported,
            "duplicate": self.duplicate,
            "quarantined": self.quarantined,
        }


class Delivery(Protocol):
    """One batch, whole and verified, that can be read again from any line until it is acknowledged."""

    @property
    def portal(self) -> str: ...
    @property
    def batch(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def exported_at(self) -> datetime: ...
    @property
    def count(self) -> int: ...
    @property
    def mapping(self) -> Mapping: ...

    def items(self, after: int) -> Iterator[RawLine]:
        """The raw items that follow number `after`, in order."""
        ...

    def attachment(self, attachment: Attachment) -> bytes:
        """The bytes of an attachment given by address.

        Raises LineRejected `attachment_unavailable` when it cannot be had, EnvironmentProblem when it may be later.
        """
        ...

    def acknowledge(self, report: Report) -> None:
        """Tell the portal that the batch is in. Repeating it is harmless."""
        ...


@dataclass(frozen=True)
class RefusedDelivery:
    """A batch refused whole: who sent it as far as can be told, and why, in a French sentence.

    `put_aside` is what the connector does with it once the refusal is recorded.
    """

    portal: str
    batch: str
    source: str
    sha256: str
    reason: str
    put_aside: Callable[[Report], None]


@dataclass(frozen=True)
class Outgoing:
    """An answer ready to leave; the receiver drops a second one with the same key."""

    key: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """What became of one answer: `error` is a French sentence when it did not get through."""

    key: str
    error: str | None


class Connector(Protocol):
    """One portal, seen from the desk. `cursor` is where its next pull starts, None where there is no such thing."""

    cursor: str | None

    def deliveries(self) -> Iterator[Delivery | RefusedDelivery]:
        """What one visit brings, batch by batch; the caller imports each before it asks for the next.

        Raises EnvironmentProblem when the portal is out of reach, UserError when it refuses us.
        """
        ...

    def send(self, answers: Sequence[Outgoing], now: datetime) -> Iterator[Sent]:
        """Send answers in order, saying of each what became of it as soon as it is known.

        Raises EnvironmentProblem when the portal cannot be reached: what was not yielded has not been sent for sure.
        """
        ...
