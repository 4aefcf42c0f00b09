"""Pieces about to expire, and no newer one in their place: what to ask of families before it blocks their next request."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from guichet.models.dossiers import Document, DocumentState, DocumentType
from guichet.models.people import Family, Membership, Person
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.services.paging import Page, PageQuery
from guichet.services.transaction import Context, needs

DAYS = 30


@dataclass(frozen=True)
class ExpiringQuery(PageQuery):
    """Pieces that expire within `days`, today included, the soonest first."""

    days: int = DAYS
    sort: str = "expires_on"


@dataclass(frozen=True)
class ExpiringRow:
    """A valid piece and its last day. `child` is empty for a family's piece, `family_id` None for a child of none."""

    document_id: int
    family_id: int | None
    family_number: str
    family_label: str
    child: str
    piece: str
    expires_on: date
    days_left: int


_SORTS: dict[str, Any] = {
    "expires_on": Document.valid_until,
    "family": Family.sort_key,
    "child": Person.sort_key,
    "piece": DocumentType.label,
}


@needs(Permission.READ_FAMILIES)
def list_expiring(session: Session, context: Context, query: ExpiringQuery) -> Page[ExpiringRow]:
    """One page of them: two queries."""
    today = paris_day(context.now)
    total = count(session, today, query.days)
    order = _SORTS.get(query.sort, Document.valid_until)
    rows = session.execute(
        _joined(
            select(
                Document.id,
                Document.name,
                Document.valid_until,
                Family.id.label("family_id"),
                func.coalesce(Family.number, "").label("number"),
                func.coalesce(Family.label, "").label("family"),
                func.coalesce(DocumentType.label, Document.name).label("piece"),
                func.coalesce(Person.first_name + " " + Person.last_name, "").label("child"),
            )
        )
        .where(_expires(today, query.days))
        .order_by(
            (order.desc() if query.descending else order.asc()).nulls_last(),
            Document.valid_until,
            Family.sort_key.nulls_last(),
            Document.id,
        )
        .limit(query.size)
        .offset(query.offset)
    )
    return Page(
        tuple(
            ExpiringRow(
                document_id=row.id,
                family_id=row.family_id,
                family_number=row.number,
                family_label=row.family,
                child=row.child,
                piece=row.piece,
                expires_on=row.valid_until,
                days_left=(row.valid_until - today).days,
            )
            for row in rows
        ),
        total,
        query.offset,
    )


def count(session: Session, today: date, days: int = DAYS) -> int:
    """How many pieces the list holds."""
    found = session.execute(_joined(select(func.count(Document.id))).where(_expires(today, days)))
    return int(found.scalar_one())


def _joined(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A child's piece given by no family is shown under the first family the child is in."""
    first = (
        select(func.min(Membership.family_id))
        .where(Membership.person_id == Document.person_id)
        .correlate(Document)
        .scalar_subquery()
    )
    return (
        statement.select_from(Document)
        .outerjoin(DocumentType, DocumentType.id == Document.type_id)
        .outerjoin(Person, Person.id == Document.person_id)
        .outerjoin(Family, Family.id == func.coalesce(Document.family_id, first))
    )


def _expires(today: date, days: int) -> ColumnElement[bool]:
    newer = aliased(Document)
    replaced = (
        select(newer.id)
        .where(
            newer.type_id == Document.type_id,
            newer.state.in_((DocumentState.VALID, DocumentState.RECEIVED)),
            newer.id != Document.id,
            or_(
                newer.family_id == Document.family_id,
                and_(newer.family_id.is_(None), Document.family_id.is_(None)),
            ),
            or_(
                newer.person_id == Document.person_id,
                and_(newer.person_id.is_(None), Document.person_id.is_(None)),
            ),
            or_(newer.valid_until.is_(None), newer.valid_until > Document.valid_until),
        )
        .correlate(Document)
        .exists()
    )
    return and_(
        Document.state == DocumentState.VALID,
        Document.valid_until.between(today, today + timedelta(days=days)),
        ~replaced,
        or_(Family.id.is_(None), ~Family.archived),
    )
