"""A family's yearly dossiers and pieces as they stand today: what is asked, received, checked, lapsed or missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.dossiers import (
    Document,
    DocumentContent,
    DocumentScope,
    DocumentState,
    DocumentType,
    Dossier,
)
from guichet.models.people import MemberRole, Membership, Person
from guichet.models.requests import RequestItem
from guichet.models.settings import Journal
from guichet.rules.dossier import DossierState
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.services import catalogue
from guichet.services.documents import waiting_in
from guichet.services.facts import Facts
from guichet.services.facts_reading import gather
from guichet.services.transaction import Context, needs

HOUSEHOLD = "Famille"


class PieceStatus(StrEnum):
    """What stands for a piece today; *missing* and *expired* are computed, never stored."""

    MISSING = "missing"
    REQUESTED = "requested"
    RECEIVED = "received"
    VALID = "valid"
    INVALID = "invalid"
    EXPIRED = "expired"


@dataclass(frozen=True)
class PieceView:
    """A piece received, or one that is required and was never given (`document_id` None).

    `latest` is false for a piece that a later one of the same kind and person replaced. `checked_by` is the login of
    whoever last decided on it,
    `request_id` the open request in which it waits.
    """

    document_id: int | None
    version: int
    type_id: int | None
    label: str
    owner_id: int | None
    owner: str
    required: bool
    latest: bool
    status: PieceStatus
    received_on: date | None
    valid_from: date | None
    valid_until: date | None
    file_name: str
    media_type: str
    size: int
    has_content: bool
    reason: str
    checked_by: str
    checked_on: date | None
    request_id: int | None


@dataclass(frozen=True)
class YearDossier:
    """A child's dossier of one school year; `state` is today's, or the last day's of a year that is over."""

    child_id: int
    child: str
    school_year: str
    current: bool
    state: DossierState
    filed_on: date | None
    decided_on: date | None
    decided_by: str
    reason: str


@dataclass(frozen=True)
class DossiersView:
    """Every yearly dossier of the family, the latest year first, and every piece: the household's, then each child's."""

    dossiers: tuple[YearDossier, ...]
    pieces: tuple[PieceView, ...]


@dataclass(frozen=True)
class _Family:
    """The family's people and the facts about its children."""

    family_id: int
    people: dict[int, str]
    children: tuple[int, ...]
    facts: Facts
    types: dict[int, DocumentType] = field(default_factory=dict)


@needs(Permission.READ_FAMILIES)
def dossiers(session: Session, context: Context, family_id: int) -> DossiersView:
    """The dossiers and pieces of a family, in a fixed number of queries."""
    family = _load(session, context, family_id)
    return DossiersView(
        _dossiers(session, context, family),
        tuple(_pieces(session, context, family)),
    )


def _load(session: Session, context: Context, family_id: int) -> _Family:
    members = session.execute(
        select(Membership.person_id, Membership.role, Person.first_name)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.family_id == family_id)
        .order_by(Membership.position, Person.sort_key)
    ).all()
    children = tuple(row.person_id for row in members if row.role is MemberRole.CHILD)
    facts = gather(
        session,
        context,
        catalogue.load_for_dossiers(session),
        child_ids=children,
        family_ids=[family_id],
        moments=(),
        with_money=False,
    )
    types = {row.id: row for row in session.scalars(select(DocumentType))}
    return _Family(family_id, {row.person_id: row.first_name for row in members}, children, facts, types)


def _dossiers(session: Session, context: Context, family: _Family) -> tuple[YearDossier, ...]:
    today = paris_day(context.now)
    years = {year.id: year for year in family.facts.catalogue.calendar.school_years}
    rows = session.scalars(
        select(Dossier).where(Dossier.family_id == family.family_id).order_by(Dossier.id)
    ).all()
    found = []
    for row in rows:
        year = years[row.school_year_id]
        day = min(max(today, year.span.first), year.span.last)
        found.append(
            YearDossier(
                child_id=row.child_id,
                child=family.people.get(row.child_id, ""),
                school_year=year.label,
                current=today in year.span,
                state=family.facts.dossier(row.child_id, family.family_id, day),
                filed_on=paris_day(row.filed_at) if row.filed_at else None,
                decided_on=paris_day(row.decided_at) if row.decided_at else None,
                decided_by=row.decided_by or "",
                reason=row.reason or "",
            )
        )
    order = {child_id: place for place, child_id in enumerate(family.children)}
    found.sort(key=lambda one: order.get(one.child_id, len(order)))
    return tuple(sorted(found, key=lambda one: one.school_year, reverse=True))


def _pieces(session: Session, context: Context, family: _Family) -> list[PieceView]:
    today = paris_day(context.now)
    required = {child_id: set(family.facts.required_types(child_id, today)) for child_id in family.children}
    asked = set().union(*required.values())
    documents = session.execute(
        select(Document, DocumentContent.id.is_not(None).label("stored"))
        .outerjoin(DocumentContent, DocumentContent.document_id == Document.id)
        .where((Document.family_id == family.family_id) | Document.person_id.in_(family.people))
        .order_by(Document.received_at.desc(), Document.id.desc())
    ).all()
    ids = [document.id for document, _ in documents]
    checks, waiting = _checks(session, ids), waiting_in(session, ids)
    seen: set[tuple[int | None, int]] = set()
    found = []
    for document, stored in documents:
        kind = family.types.get(document.type_id or 0)
        key = (document.person_id, document.type_id or 0)
        is_latest = kind is None or key not in seen
        seen.add(key)
        checked_by, checked_on = checks.get(document.id, ("", None))
        found.append(
            PieceView(
                document_id=document.id,
                version=document.version,
                type_id=document.type_id,
                label=kind.label if kind else document.name,
                owner_id=document.person_id,
                owner=family.people.get(document.person_id or 0, HOUSEHOLD),
                required=kind is not None
                and kind.id in (required.get(document.person_id, asked) if document.person_id else asked),
                latest=is_latest,
                status=_status(document, today),
                received_on=paris_day(document.received_at),
                valid_from=document.valid_from,
                valid_until=document.valid_until,
                file_name=document.name,
                media_type=document.media_type or "",
                size=document.size,
                has_content=bool(stored),
                reason=document.reason or "",
                checked_by=checked_by,
                checked_on=checked_on,
                request_id=waiting.get(document.id),
            )
        )
    found += _missing(family, required, seen)
    owners = {person_id: place for place, person_id in enumerate((None, *family.people))}
    places = {type_id: kind.position for type_id, kind in family.types.items()}
    last = len(places)
    found.sort(
        key=lambda one: (owners.get(one.owner_id, 0), places.get(one.type_id or 0, last), not one.latest)
    )
    return found


def _missing(
    family: _Family, required: dict[int, set[int]], held: set[tuple[int | None, int]]
) -> list[PieceView]:
    """Required pieces of which none was ever given; a piece of the household counts once for all its children."""
    found: dict[tuple[int | None, int], PieceView] = {}
    for child_id, types in required.items():
        for type_id in types:
            kind = family.types[type_id]
            owner = None if kind.scope is DocumentScope.FAMILY else child_id
            if held & {(owner, type_id), (None, type_id), (child_id, type_id)}:
                continue
            found[owner, type_id] = PieceView(
                document_id=None,
                version=0,
                type_id=type_id,
                label=kind.label,
                owner_id=owner,
                owner=family.people[child_id] if owner else HOUSEHOLD,
                required=True,
                latest=True,
                status=PieceStatus.MISSING,
                received_on=None,
                valid_from=None,
                valid_until=None,
                file_name="",
                media_type="",
                size=0,
                has_content=False,
                reason="",
                checked_by="",
                checked_on=None,
                request_id=None,
            )
    return list(found.values())


def _status(document: Document, today: date) -> PieceStatus:
    lapsed = document.valid_until is not None and document.valid_until < today
    if document.state is DocumentState.VALID and lapsed:
        return PieceStatus.EXPIRED
    return PieceStatus(document.state.value)


def _checks(session: Session, document_ids: Sequence[int]) -> dict[int, tuple[str, date]]:
    """Who last decided on each piece, at the desk or on the request that brought it."""
    decided = session.execute(
        select(RequestItem.document_id, RequestItem.decided_by, RequestItem.decided_at).where(
            RequestItem.document_id.in_(document_ids), RequestItem.decided_at.is_not(None)
        )
    ).all()
    checked = session.execute(
        select(Journal.subject_id, Journal.login, Journal.happened_at).where(
            Journal.subject_kind == "document",
            Journal.subject_id.in_(document_ids),
            Journal.action == "document.check",
        )
    ).all()
    found: list[Any] = [*decided, *checked]
    found.sort(key=lambda row: row[2])
    return {document_id: (login or "", paris_day(instant)) for document_id, login, instant in found}
