"""Sending the queued answers: in order for each request, tried again with growing pauses, received once.

An entry is claimed before it is sent (its attempts grow, and no other sender takes it for a while), so two programs do
not send it together; should one stop between sending and noting it, the entry leaves again with the same idempotency
key, which the portal drops. An entry whose `attempts` is not 0 may have left: it cannot be called back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from guichet.models.database import Database
from guichet.models.requests import Outbox, OutboxState
from guichet.portal.connectors import Connector, Outgoing, Sent
from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.rules.permissions import Permission
from guichet.services import transaction
from guichet.services.outbox import ANSWER
from guichet.services.transaction import Context, needs

CLAIMED_AT_ONCE = 200
NOTED_AT_ONCE = 50
CLAIM = timedelta(minutes=10)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True)
class DeliveryReport:
    """How many answers left, and how many the portal would not take and stay queued."""

    sent: int
    failed: int


@dataclass(frozen=True)
class OutboxStatus:
    """What waits to leave for one portal, since when, and the last thing that went wrong."""

    portal: str
    queued: int
    oldest: datetime
    last_error: str | None


@dataclass(frozen=True)
class _Claimed:
    id: int
    attempts: int
    outgoing: Outgoing


def deliver(database: Database, context: Context, portal: str, connector: Connector) -> DeliveryReport:
    """Send every answer of this portal whose time has come.

    Raises EnvironmentProblem when the portal is out of reach, UserError when it refuses us: what did not leave stays
    queued for a later try.
    """
    transaction.require(context, Permission.IMPORT_REQUESTS)
    sent = failed = 0
    while claimed := transaction.run(database, context, _claim, portal):
        by_key = {one.outgoing.key: one for one in claimed}
        try:
            for results in _groups(connector.send([one.outgoing for one in claimed], context.now)):
                noted = [(by_key.pop(one.key), one.error) for one in results]
                transaction.run(database, context, _note, noted)
                failed += sum(error is not None for _, error in noted)
                sent += sum(error is None for _, error in noted)
        except (EnvironmentProblem, UserError) as problem:
            rest = [(one, problem.message) for one in by_key.values()]
            transaction.run(database, context, _note, rest)
            raise
    return DeliveryReport(sent, failed)


@needs(Permission.READ_REQUESTS)
def outbox_status(session: Session, context: Context) -> list[OutboxStatus]:
    """What waits to leave, by portal; held answers that may still be undone are not counted."""
    queued = (Outbox.state == OutboxState.QUEUED) & (
        (Outbox.not_before <= context.now) | (Outbox.attempts > 0)
    )
    latest = (
        select(Outbox.portal, func.max(Outbox.id).label("id"))
        .where(queued, Outbox.last_error.is_not(None))
        .group_by(Outbox.portal)
        .subquery()
    )
    failing = aliased(Outbox)
    rows = session.execute(
        select(
            Outbox.portal,
            func.count(Outbox.id),
            func.min(Outbox.created_at),
            func.max(failing.last_error),
        )
        .outerjoin(latest, latest.c.portal == Outbox.portal)
        .outerjoin(failing, failing.id == latest.c.id)
        .where(queued)
        .group_by(Outbox.portal)
        .order_by(Outbox.portal)
    )
    return [OutboxStatus(*row) for row in rows]


@needs(Permission.IMPORT_REQUESTS)
def _claim(session: Session, context: Context, portal: str) -> list[_Claimed]:
    """The next entries to send: for each subject the oldest that has not left, so that answers arrive in order."""
    earlier = aliased(Outbox)
    rows = session.execute(
        select(Outbox.id, Outbox.attempts, Outbox.idempotency_key, Outbox.payload)
        .where(
            Outbox.portal == portal,
            Outbox.kind == ANSWER,
            Outbox.state == OutboxState.QUEUED,
            Outbox.not_before <= context.now,
            ~select(earlier.id)
            .where(
                earlier.subject_kind == Outbox.subject_kind,
                earlier.subject_id == Outbox.subject_id,
                earlier.portal == Outbox.portal,
                earlier.kind == Outbox.kind,
                earlier.state == OutboxState.QUEUED,
                earlier.id < Outbox.id,
            )
            .exists(),
        )
        .order_by(Outbox.id)
        .limit(CLAIMED_AT_ONCE)
        .with_for_update(skip_locked=True, of=Outbox)
    ).all()
    session.execute(
        update(Outbox)
        .where(Outbox.id.in_([row.id for row in rows]))
        .values(attempts=Outbox.attempts + 1, not_before=context.now + CLAIM, version=Outbox.version + 1)
    )
    return [_Claimed(row.id, row.attempts + 1, Outgoing(row.idempotency_key, row.payload)) for row in rows]


@needs(Permission.IMPORT_REQUESTS)
def _note(session: Session, context: Context, results: Sequence[tuple[_Claimed, str | None]]) -> None:
    """Write down what became of claimed entries; None is an answer that got through."""
    left = [one.id for one, error in results if error is None]
    if left:
        session.execute(
            update(Outbox)
            .where(Outbox.id.in_(left))
            .values(state=OutboxState.SENT, sent_at=context.now, last_error=None, version=Outbox.version + 1)
        )
    for one, error in results:
        if error is not None:
            session.execute(
                update(Outbox)
                .where(Outbox.id == one.id)
                .values(
                    last_error=error,
                    not_before=context.now + _pause(one.attempts),
                    version=Outbox.version + 1,
                )
            )


def _pause(attempts: int) -> timedelta:
    """One minute after the first failure, doubled after each, six hours at most."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), LONGEST_PAUSE)


def _groups(results: Iterator[Sent]) -> Iterator[list[Sent]]:
    group: list[Sent] = []
    try:
        for one in results:
            group.append(one)
            if len(group) == NOTED_AT_ONCE:
                yield group
                group = []
    except (EnvironmentProblem, UserError):
        if group:
            yield group
        raise
    if group:
        yield group
