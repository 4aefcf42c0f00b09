"""`guichet verify`: recompute every invariant from the rows and list what does not hold (model.md)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from guichet.rules.permissions import Permission
from guichet.rules.typography import count
from guichet.services import journal_chain, verify_money, verify_places, verify_requests
from guichet.services.findings import Finding
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class VerifyReport:
    """Which checks ran, what each found, and how many journal entries still wait for their seal (no fault)."""

    checks: tuple[str, ...]
    findings: tuple[Finding, ...]
    unsealed_entries: int

    @property
    def clean(self) -> bool:
        """Whether every invariant holds."""
        return not self.findings


Check = Callable[[Session, Context], Iterator[Finding]]

CHECKS: dict[str, Check] = {
    "references": verify_places.dangling_references,
    "places": verify_places.places_given_twice,
    "children": verify_places.children_booked_twice,
    "import_lines": verify_requests.lines_without_their_outcome,
    "requests": verify_requests.states_that_contradict_items,
    "outcomes": verify_requests.accepted_without_effect,
    "answers": verify_requests.decisions_without_answer,
    **verify_money.CHECKS,
}


@needs(Permission.VERIFY)
def verify(session: Session, context: Context) -> VerifyReport:
    """Run every check on the whole base."""
    findings = [finding for check in CHECKS.values() for finding in check(session, context)]
    chain = journal_chain.check(session)
    findings += [
        Finding(
            "journal_broken",
            f"journal_seal:{position}",
            f"Le maillon {position} du journal ne suit pas le précédent.",
        )
        for position in chain.broken_positions
    ]
    if chain.lost:
        findings.append(
            Finding(
                "journal_lost",
                "journal",
                f"{count(chain.lost, 'entrée')} du journal sans sceau, et pas en attente d’en recevoir un.",
            )
        )
    return VerifyReport((*CHECKS, "journal"), tuple(findings), chain.unsealed)
