"""The report of one night’s batch: what came, what became of each line, what is proposed or set aside."""

from dataclasses import dataclass
from datetime import datetime

from guichet.reports.letterhead import Letterhead


@dataclass(frozen=True)
class ProposalCount:
    """How the items of one kind of request were proposed (« Réservations »: 812 accepter, 14 attente…)."""

    kind: str
    requests: int
    accept: int
    wait: int
    refuse: int
    examine: int


@dataclass(frozen=True)
class ReasonCount:
    """How often one reason (« hors délai ») explains a proposal that is not an acceptance."""

    reason: str
    count: int


@dataclass(frozen=True)
class QuarantinedLine:
    """A line set aside: its number in the file, why, and the readable beginning of its bytes."""

    number: int
    reason: str
    excerpt: str
    request_id: str = ""


@dataclass(frozen=True)
class Anomaly:
    """A request paid or confirmed at the portal that fails a rule: an agent must look (domain.md §2)."""

    request_id: str
    family: str
    child: str
    reason: str


@dataclass(frozen=True)
class ImportReport:
    """All that the report of a batch prints; instants are aware and printed in Paris time.

    `refusal` is the sentence for a file refused whole (then the counts are zero). Raises ValueError unless
    received = imported + duplicate + quarantined.
    """

    letterhead: Letterhead
    portal: str
    batch: str
    file_name: str
    sha256: str
    exported_at: datetime | None
    imported_at: datetime
    received: int
    imported: int
    duplicate: int
    quarantined: int
    proposals: tuple[ProposalCount, ...] = ()
    reasons: tuple[ReasonCount, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    quarantined_lines: tuple[QuarantinedLine, ...] = ()
    refusal: str = ""

    def __post_init__(self) -> None:
        if self.received != self.imported + self.duplicate + self.quarantined:
            raise ValueError(f"batch {self.batch}: received is not imported + duplicate + quarantined")
