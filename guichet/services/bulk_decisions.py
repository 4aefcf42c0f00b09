"""« Accepter tout ce qui rentre »: many requests in order, one transaction for each, places recomputed as it goes."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.people import Family, Person
from guichet.models.requests import ItemDecision, Request, RequestState
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.proposals import Proposal, Verdict
from guichet.rules.requests import OPEN_STATES, refusal_code
from guichet.services import catalogue as catalogues
from guichet.services import decisions, proposals, transaction
from guichet.services.catalogue import Catalogue
from guichet.services.deciding import DecisionResult
from guichet.services.proposal_records import Proposed
from guichet.services.transaction import Context, OpenedDatabase, needs

Progress = Callable[[int, int], None]


class BulkOutcome(StrEnum):
    """What became of one request of a run."""

    ACCEPTED = "accepted"
    PARTLY = "partly"
    WAITING = "waiting"
    REFUSED = "refused"
    LEFT = "left"
    FAILED = "failed"


@dataclass(frozen=True)
class RequestOutcome:
    """One request of a run: what it became, and the sentence where it was left or failed."""

    request_id: int
    external_id: str
    outcome: BulkOutcome
    sentence: str = ""


@dataclass(frozen=True)
class BulkReport:
    """A run, request by request; `cancelled` when it was stopped: what was done before stays."""

    outcomes: tuple[RequestOutcome, ...]
    asked: int
    cancelled: bool = False

    def count(self, outcome: BulkOutcome) -> int:
        """How many requests came to that."""
        return sum(one.outcome is outcome for one in self.outcomes)


@dataclass(frozen=True)
class ForecastLine:
    """What a run would make of one request. `group` is fits, partly, waits, a refusal code, or examine; `sentence` why."""

    request_id: int
    external_id: str
    family: str
    child: str
    group: str
    sentence: str = ""


FITS, PARTLY, WAITS, EXAMINE, ENGAGED = "fits", "partly", "waits", "examine", "engaged"


@dataclass(frozen=True)
class Forecast:
    """What « accepter tout ce qui rentre » would do: how many items fit, wait, are to refuse (by code), to examine.

    `lines` says it request by request, in the order they are served.
    """

    requests: int
    fit: int
    wait: int
    examine: int
    refuse: dict[str, int] = field(default_factory=dict)
    lines: tuple[ForecastLine, ...] = ()

    @property
    def late(self) -> int:
        """How many items came after their deadline."""
        return self.refuse.get("hors_delai", 0)


@dataclass(frozen=True)
class RefusalQuery:
    """Requests to refuse for one coded reason."""

    request_ids: tuple[int, ...]
    code: str
    text: str = ""


def in_order(session: Session, context: Context, request_ids: Sequence[int]) -> tuple[tuple[int, str], ...]:
    """The open requests among these (id, portal's id), in the order they are served: submission, portal, id."""
    rows = session.execute(
        select(Request.id, Request.external_id)
        .where(Request.id.in_(request_ids), Request.state.in_(OPEN_STATES))
        .where(Request.state != RequestState.NEEDS_INFO)
        .order_by(Request.submitted_at, Request.portal, Request.external_id, Request.id)
    )
    return tuple((row.id, row.external_id) for row in rows)


@needs(Permission.READ_REQUESTS)
def forecast(session: Session, context: Context, request_ids: Sequence[int]) -> Forecast:
    """Simulate the run without writing: each request in its turn, on the places that those before it leave."""
    ordered = in_order(session, context, request_ids)
    found = proposals.foresee(session, context, [request_id for request_id, _ in ordered])
    verdicts = [item.proposal for one in found for item in one.items]
    counts = Counter(one.verdict for one in verdicts)
    return Forecast(
        len(ordered),
        counts[Verdict.ACCEPT],
        counts[Verdict.WAIT],
        counts[Verdict.EXAMINE],
        dict(Counter(one.code.value for one in verdicts if one.code is not None)),
        _lines(session, [(one.request_id, *_foreseen(one)) for one in found]),
    )


@needs(Permission.READ_REQUESTS)
def forecast_refusal(session: Session, context: Context, query: RefusalQuery) -> tuple[ForecastLine, ...]:
    """What refusing these would do, with what speaks against it: a request that fits, one already paid or confirmed.

    Nothing is written. Raises UserError for an unknown code, or for *autre* without its text.
    """
    refusal_code(query.code, query.text)
    ordered = [request_id for request_id, _ in in_order(session, context, query.request_ids)]
    rows = {
        row.id: row
        for row in session.execute(
            select(Request.id, Request.proposal, Request.anomaly).where(Request.id.in_(ordered))
        )
    }
    told = []
    for request_id in ordered:
        row = rows[request_id]
        if row.anomaly:
            told.append((request_id, ENGAGED, row.anomaly))
        elif row.proposal == Verdict.ACCEPT.value:
            told.append((request_id, FITS, "Les règles proposaient de l’accepter."))
        else:
            told.append((request_id, query.code, ""))
    return _lines(session, told)


def _foreseen(one: Proposed) -> tuple[str, str]:
    """The group of a request, and the sentences of what would be left."""
    verdicts = [item.proposal for item in one.items]
    found = {verdict.verdict for verdict in verdicts}
    if found <= {Verdict.ACCEPT}:
        return (FITS, "") if found else (EXAMINE, "")
    if found <= {Verdict.ACCEPT, Verdict.WAIT}:
        return WAITS, _reasons(verdicts, Verdict.WAIT)
    left = Verdict.EXAMINE if Verdict.EXAMINE in found else Verdict.REFUSE
    if found & {Verdict.ACCEPT, Verdict.WAIT}:
        return PARTLY, _reasons(verdicts, left)
    codes = Counter(verdict.code.value for verdict in verdicts if verdict.code is not None)
    if left is Verdict.REFUSE and codes:
        return codes.most_common(1)[0][0], _reasons(verdicts, left)
    return EXAMINE, _reasons(verdicts, left)


def _reasons(verdicts: Sequence[Proposal], verdict: Verdict) -> str:
    """The distinct sentences that led to this verdict, in their order."""
    sentences = [
        reason.sentence
        for one in verdicts
        if one.verdict is verdict
        for reason in one.reasons
        if reason.effect is verdict
    ]
    return " ".join(dict.fromkeys(sentences))


def _lines(session: Session, told: Sequence[tuple[int, str, str]]) -> tuple[ForecastLine, ...]:
    rows = {
        row.id: row
        for row in session.execute(
            select(Request.id, Request.external_id, Family.label, Person.first_name, Person.last_name)
            .outerjoin(Family, Family.id == Request.family_id)
            .outerjoin(Person, Person.id == Request.child_id)
            .where(Request.id.in_([request_id for request_id, _, _ in told]))
        )
    }
    return tuple(
        ForecastLine(
            request_id,
            rows[request_id].external_id,
            rows[request_id].label or "",
            f"{rows[request_id].first_name or ''} {rows[request_id].last_name or ''}".strip(),
            group,
            sentence,
        )
        for request_id, group, sentence in told
    )


def unwatched(done: int, total: int) -> None:
    """The progress of a run that nobody looks at."""


def never() -> bool:
    """Nobody stops this run."""
    return False


def accept_all_that_fits(
    database: OpenedDatabase,
    context: Context,
    request_ids: Sequence[int],
    progress: Progress = unwatched,
    is_cancelled: Callable[[], bool] = never,
) -> BulkReport:
    """Follow the proposals of each request (*accept* and *wait*), in order of submission, portal, id.

    One transaction a request: what another desk decides meanwhile is respected, a failure concerns its request alone.
    `progress(done, total)` is called after each; it may raise to stop, and `is_cancelled` stops before the next.
    """
    offer = transaction.read(database, context, _offer)

    def follow(request_id: int) -> DecisionResult:
        command = decisions.ApplyProposals(request_id)
        return transaction.run(database, context, decisions.follow_proposals, command, offer)

    return _each(database, context, request_ids, follow, progress, is_cancelled)


def refuse_all(
    database: OpenedDatabase,
    context: Context,
    request_ids: Sequence[int],
    code: str,
    text: str,
    progress: Progress = unwatched,
    is_cancelled: Callable[[], bool] = never,
) -> BulkReport:
    """Refuse each of these requests for one coded reason, one transaction a request."""

    def refuse(request_id: int) -> DecisionResult:
        return transaction.run(database, context, decisions.refuse, decisions.Refuse(request_id, code, text))

    return _each(database, context, request_ids, refuse, progress, is_cancelled)


def undo_all(
    database: OpenedDatabase,
    context: Context,
    request_ids: Sequence[int],
    progress: Progress = unwatched,
    is_cancelled: Callable[[], bool] = never,
) -> BulkReport:
    """Take back the last decision of each of these requests whose answer has not left, one transaction a request."""
    transaction.require(context, Permission.DECIDE_REQUESTS)
    named = transaction.read(database, context, _named, request_ids)
    return _one_by_one(
        named,
        lambda request_id: transaction.run(database, context, decisions.undo, decisions.Handle(request_id)),
        progress,
        is_cancelled,
    )


def _named(session: Session, context: Context, request_ids: Sequence[int]) -> tuple[tuple[int, str], ...]:
    """These requests (id, portal's id), latest first: what was decided last is undone first."""
    rows = session.execute(
        select(Request.id, Request.external_id)
        .where(Request.id.in_(request_ids))
        .order_by(Request.decided_at.desc(), Request.id.desc())
    )
    return tuple((row.id, row.external_id) for row in rows)


def _each(
    database: OpenedDatabase,
    context: Context,
    request_ids: Sequence[int],
    act: Callable[[int], DecisionResult],
    progress: Progress,
    is_cancelled: Callable[[], bool],
) -> BulkReport:
    transaction.require(context, Permission.DECIDE_REQUESTS)
    ordered = transaction.read(database, context, in_order, request_ids)
    return _one_by_one(ordered, act, progress, is_cancelled)


def _one_by_one(
    ordered: Sequence[tuple[int, str]],
    act: Callable[[int], DecisionResult],
    progress: Progress,
    is_cancelled: Callable[[], bool],
) -> BulkReport:
    outcomes: list[RequestOutcome] = []
    for done, (request_id, external_id) in enumerate(ordered, start=1):
        if is_cancelled():
            return BulkReport(tuple(outcomes), len(ordered), cancelled=True)
        try:
            result = act(request_id)
            outcomes.append(RequestOutcome(request_id, external_id, _outcome(result), _sentence(result)))
        except UserError as error:
            outcomes.append(RequestOutcome(request_id, external_id, BulkOutcome.FAILED, error.message))
        progress(done, len(ordered))
    return BulkReport(tuple(outcomes), len(ordered))


def _offer(session: Session, context: Context) -> Catalogue:
    return catalogues.load(session)


def _outcome(result: DecisionResult) -> BulkOutcome:
    found = {one.decision for one in result.items}
    if found == {ItemDecision.ACCEPTED}:
        return BulkOutcome.ACCEPTED
    if ItemDecision.ACCEPTED in found:
        return BulkOutcome.PARTLY
    if found == {ItemDecision.REFUSED}:
        return BulkOutcome.REFUSED
    return BulkOutcome.WAITING if ItemDecision.WAITING in found else BulkOutcome.LEFT


def _sentence(result: DecisionResult) -> str:
    return " ".join(one.sentence for one in result.items if one.sentence)
