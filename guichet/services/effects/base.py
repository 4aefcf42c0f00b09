"""What every effect shares: the decisions it carries out, and what it says of each."""

from dataclasses import dataclass, field
from typing import Any

from guichet.models.requests import ItemDecision, Request, RequestItem
from guichet.rules.requests import RefusalCode
from guichet.services.catalogue import Catalogue
from guichet.services.facts import Facts


@dataclass(frozen=True)
class Decided:
    """One item's decision to carry out. `group_id` and `past_turn` are the agent's, for bookings."""

    item: RequestItem
    decision: ItemDecision
    text: str = ""
    group_id: int | None = None
    past_turn: bool = False

    @property
    def accepted(self) -> bool:
        return self.decision is ItemDecision.ACCEPTED


@dataclass(frozen=True)
class Done:
    """What carrying out a decision did: `trace` is what undoing it needs, `note` a sentence for the family.

    With `failure`, nothing was done for this item: the code and the sentence say why.
    """

    trace: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    failure: tuple[RefusalCode, str] | None = None


@dataclass(frozen=True)
class Work:
    """A request and the decisions taken on it in one act.

    `offer` where it was read already; `facts` where they were gathered under the hold of its children and pools.
    """

    request: Request
    decided: tuple[Decided, ...]
    offer: Catalogue | None = None
    facts: Facts | None = None

    @property
    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = self.request.payload.get("payload") or {}
        return found


NOTHING = Done()
