"""Reading the requests: the queue a page at a time, in a fixed number of queries whatever there is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from guichet.models.offer import Activity, Facility
from guichet.models.people import Family, Person
from guichet.models.requests import (
    Request,
    RequestState,
)
from guichet.models.settings import UserAccount
from guichet.rules.errors import UserError
from guichet.rules.names import searched_words
from guichet.rules.permissions import Permission
from guichet.services.paging import Page
from guichet.services.request_criteria import RequestQuery, conditions
from guichet.services.request_rows import RequestRow, read_beside, row_of
from guichet.services.transaction import Context, needs

_SORTS: dict[str, Any] = {
    "submitted_at": Request.submitted_at,
    "answer_by": Request.answer_by,
    "state": Request.state,
    "kind": Request.kind,
    "proposal": Request.proposal,
    "family": Family.sort_key,
    "child": Person.sort_key,
    "activity": Activity.name,
    "agent": UserAccount.display_name,
}
SORTS = tuple(_SORTS)


@needs(Permission.READ_REQUESTS)
def list_requests(session: Session, context: Context, query: RequestQuery) -> Page[RequestRow]:
    """One page of the view, filtered and sorted in SQL; the same number of queries for one row as for a hundred."""
    wanted = conditions(context, query)
    total = session.execute(_count(context, query)).scalar_one()
    order = _SORTS.get(query.sort, Request.submitted_at)
    ordered = (order.desc() if query.descending else order.asc()).nulls_last()
    rows = session.execute(
        _base(
            select(
                Request,
                Family.number,
                Family.label,
                Person.first_name,
                Person.last_name,
                Person.birth_date,
                Activity.name.label("activity"),
                Facility.name.label("facility"),
                func.coalesce(UserAccount.display_name, "").label("agent"),
            )
        )
        .where(*wanted)
        .order_by(ordered, Request.submitted_at, Request.portal, Request.external_id, Request.id)
        .limit(query.size)
        .offset(query.offset)
    ).all()
    beside = read_beside(session, context, [row.Request for row in rows])
    return Page(tuple(row_of(context, row, beside) for row in rows), total, query.offset)


@needs(Permission.READ_REQUESTS)
def count_each(session: Session, context: Context, queries: Sequence[RequestQuery]) -> tuple[int, ...]:
    """How many requests each of these views lists: one query, by the very conditions of the list."""
    counted = (_count(context, query).scalar_subquery() for query in queries)
    found = session.execute(select(*counted)).one()
    return tuple(int(number) for number in found)


@needs(Permission.READ_REQUESTS)
def matching_ids(session: Session, context: Context, query: RequestQuery) -> tuple[int, ...]:
    """The ids of every request of the view, whatever the page, in order of submission, portal, id."""
    return tuple(
        session.scalars(
            _base(select(Request.id))
            .where(*conditions(context, query))
            .order_by(Request.submitted_at, Request.portal, Request.external_id, Request.id)
        )
    )


@needs(Permission.READ_REQUESTS)
def find_request(session: Session, context: Context, reference: str) -> int:
    """The request that a person names: `#n` by its internal number, else by the portal's id (its latest revision).

    Raises UserError when there is none, or when two portals use the same id.
    """
    text = reference.strip()
    if text.startswith("#") and text[1:].isdecimal():
        found = list(session.scalars(select(Request.id).where(Request.id == int(text[1:]))))
    else:
        found = list(
            session.scalars(
                select(Request.id).where(
                    Request.external_id == text, Request.state != RequestState.SUPERSEDED
                )
            )
        )
    if not found:
        raise UserError(
            f"Il n’y a pas de demande « {text} » dans cette base.", field="request", code="request_gone"
        )
    if len(found) > 1:
        numbers = ", ".join(f"#{request_id}" for request_id in found)
        raise UserError(
            f"Plusieurs portails ont une demande « {text} » : précisez laquelle ({numbers}).",
            field="request",
            code="ambiguous_request",
        )
    return found[0]


def _count(context: Context, query: RequestQuery) -> Select[int]:
    """How many requests the view lists. Only words are looked for in families: SQLite would read one for each request."""
    statement = select(func.count(Request.id)).select_from(Request)
    if searched_words(query.text):
        statement = statement.outerjoin(Family, Family.id == Request.family_id)
    return statement.where(*conditions(context, query))


def _base(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(Request)
        .outerjoin(Family, Family.id == Request.family_id)
        .outerjoin(Person, Person.id == Request.child_id)
        .outerjoin(Activity, Activity.id == Request.activity_id)
        .outerjoin(Facility, Facility.id == Activity.facility_id)
        .outerjoin(UserAccount, UserAccount.id == Request.agent_id)
    )
