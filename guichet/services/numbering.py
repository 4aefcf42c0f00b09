"""Document numbers: continuous in each series, taken under a lock in the document's own transaction."""

from contextlib import suppress

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from guichet.models.settings import Counter


def take(session: Session, series: str, kind: str, count: int = 1) -> int:
    """Take `count` numbers of a series and return the first.

    The counter's row stays locked until the transaction ends: a rolled back document gives its number back, so a
    series has neither gap nor duplicate. Its start is the row's `start_number`, data of the town; 1 when unknown.
    """
    row = _locked(session, series, kind)
    session.execute(
        update(Counter).where(Counter.id == row[0]).values(next_number=Counter.next_number + count)
    )
    return row[1]


def lock(session: Session, series: str, kind: str) -> int:
    """Lock a series without taking anything and return its next number: whoever comes after waits."""
    return _locked(session, series, kind)[1]


def start_at(session: Session, series: str, kind: str, number: int) -> None:
    """Make an unused series begin at `number`; a series that has begun keeps its start."""
    counter_id, _ = _locked(session, series, kind)
    session.execute(
        update(Counter)
        .where(Counter.id == counter_id, Counter.next_number == Counter.start_number)
        .values(start_number=number, next_number=number)
    )


def document_label(series: str, number: int) -> str:
    """What is printed: `AL-36`."""
    return f"{series}-{number}"


def _locked(session: Session, series: str, kind: str) -> tuple[int, int]:
    statement = (
        select(Counter.id, Counter.next_number)
        .where(Counter.series == series, Counter.kind == kind)
        .with_for_update()
    )
    row = session.execute(statement).first()
    if row is None:
        # Another desk may be starting the same series: the unique key makes one of the two rows stand.
        with suppress(IntegrityError), session.begin_nested():
            session.execute(insert(Counter).values(series=series, kind=kind))
        row = session.execute(statement).one()
    return row.id, row.next_number
