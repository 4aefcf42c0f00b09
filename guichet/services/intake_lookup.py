"""What a chunk of lines refers to, looked up in a fixed number of queries whatever the number of lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.dossiers import DocumentType
from guichet.models.offer import Activity, AgeGroup, Period, Slot
from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.models.requests import Request, RequestState
from guichet.portal.canonical import LineRejected
from guichet.portal.mapping import MappedRequest
from guichet.portal.payloads import DocumentPayload, EnrolmentPayload, SlotDay
from guichet.portal.wire import (
    AbsenceRequest,
    BookingsRequest,
    CancellationsRequest,
    DocumentRequest,
    EnrolmentRequest,
    NewFamilyRequest,
)
from guichet.portal.wire import Request as WireRequest
from guichet.rules.text import fold, paris_day


@dataclass
class Revision:
    """One revision of a request as the base, or this chunk so far, knows it; `id` is None until it is written."""

    revision: int
    payload_hash: str
    state: RequestState
    family_id: int | None
    id: int | None


@dataclass(frozen=True)
class Known:
    """A line's references turned into rows; `search_words` are the folded names and number it is searched by."""

    family_id: int | None = None
    child_id: int | None = None
    activity_id: int | None = None
    refers_to: Revision | None = None
    search_words: str = ""


class Lookup:
    """The families, children, offer and earlier requests that a chunk's lines name."""

    def __init__(self, session: Session, portal: str, mapped: Sequence[MappedRequest]) -> None:
        requests = [one.request for one in mapped]
        self._families = _families(session, {family for one in requests if (family := _family(one))})
        self._children = _children(session, {child for one in requests if (child := _child(one))})
        self._memberships = _memberships(session, {child_id for child_id, _ in self._children.values()})
        self._offer = _Offer(session) if any(_names_the_offer(one) for one in requests) else None
        self._document_types = set(session.scalars(select(DocumentType.code)))
        ids = {one.id for one in requests} | {target for one in requests if (target := _target(one))}
        self.revisions = _revisions(session, portal, ids)

    def head(self, external_id: str) -> Revision | None:
        """The revision that carries the request on: the only one that is not superseded."""
        revisions = self.revisions.get(external_id, {}).values()
        return next((one for one in revisions if one.state is not RequestState.SUPERSEDED), None)

    def resolve(self, request: WireRequest) -> Known:
        """Turn a request's numbers and codes into rows.

        Raises LineRejected: `unknown_family`, `unknown_child`, `child_not_in_family`, `unknown_activity`,
        `unknown_slot`, `unknown_group`, `unknown_period`, `unknown_document_type`, `unknown_reference`.
        """
        if isinstance(request, NewFamilyRequest):
            first = request.payload.adults[0]
            return Known(search_words=fold(f"{first.last_name} {first.first_name}"))
        family_id, family_words = self._family(request.family)
        child_id, child_words = self._child(request, family_id)
        self._check_document_types(request)
        return Known(
            family_id=family_id,
            child_id=child_id,
            activity_id=self._activity(request),
            refers_to=self._refers_to(request, family_id),
            search_words=f"{family_words} {child_words}",
        )

    def _family(self, number: str) -> tuple[int, str]:
        known = self._families.get(number)
        if known is None:
            raise LineRejected("unknown_family", "Aucune famille ne porte ce numéro.")
        return known

    def _child(self, request: WireRequest, family_id: int) -> tuple[int | None, str]:
        number = _child(request)
        if number is None:
            return None, ""
        known = self._children.get(number)
        if known is None:
            raise LineRejected("unknown_child", "Aucun enfant ne porte ce numéro.")
        child_id, words = known
        last_day = self._memberships.get((family_id, child_id), date.min)
        if last_day is not None and last_day < paris_day(request.submitted_at):
            raise LineRejected("child_not_in_family", "Cet enfant n’est pas de cette famille.")
        return child_id, words

    def _activity(self, request: WireRequest) -> int | None:
        if self._offer is None:
            return None
        if isinstance(request, BookingsRequest | CancellationsRequest | AbsenceRequest):
            found = {self._offer.slot(item) for item in request.payload.items}
            return found.pop() if len(found) == 1 else None
        if isinstance(request, EnrolmentRequest):
            return self._offer.enrolment(request.payload)
        return None

    def _check_document_types(self, request: WireRequest) -> None:
        codes = {one.document_type for one in request.attachments if one.document_type is not None}
        if isinstance(request, DocumentRequest):
            payload: DocumentPayload = request.payload
            codes.add(payload.document_type)
        if not codes <= self._document_types:
            raise LineRejected("unknown_document_type", "Le type d’une pièce est inconnu de la commune.")

    def _refers_to(self, request: WireRequest, family_id: int) -> Revision | None:
        target = _target(request)
        if target is None:
            return None
        head = self.head(target)
        if head is None or head.family_id != family_id:
            raise LineRejected(
                "unknown_reference",
                "La demande à laquelle celle-ci se rapporte n’est pas connue pour cette famille.",
            )
        return head


class _Offer:
    """Every activity with its slots, groups and periods, by code: a town has a few hundred rows of them."""

    def __init__(self, session: Session) -> None:
        self._activities: dict[str, int] = {
            row.code: row.id for row in session.execute(select(Activity.code, Activity.id))
        }
        self._slots = set(session.execute(select(Slot.activity_id, Slot.code)))
        self._groups = set(session.execute(select(AgeGroup.activity_id, AgeGroup.code)))
        self._periods = set(session.execute(select(Period.activity_id, Period.code)))

    def slot(self, item: SlotDay) -> int:
        activity_id = self._activity(item.activity)
        self._check_slot(activity_id, item.slot)
        return activity_id

    def enrolment(self, payload: EnrolmentPayload) -> int:
        activity_id = self._activity(payload.activity)
        if payload.group is not None and (activity_id, payload.group) not in self._groups:
            raise LineRejected("unknown_group", "Aucun groupe de cette activité ne porte ce code.")
        if payload.period is not None and (activity_id, payload.period) not in self._periods:
            raise LineRejected("unknown_period", "Aucune période de cette activité ne porte ce code.")
        for day in payload.typical_week:
            self._check_slot(activity_id, day.slot)
        return activity_id

    def _activity(self, code: str) -> int:
        if code not in self._activities:
            raise LineRejected("unknown_activity", "Aucune activité ne porte ce code.")
        return self._activities[code]

    def _check_slot(self, activity_id: int, code: str) -> None:
        if (activity_id, code) not in self._slots:
            raise LineRejected("unknown_slot", "Aucun créneau de cette activité ne porte ce code.")


def _family(request: WireRequest) -> str | None:
    return None if isinstance(request, NewFamilyRequest) else request.family


def _child(request: WireRequest) -> str | None:
    return getattr(request, "child", None)


def _target(request: WireRequest) -> str | None:
    return getattr(request, "refers_to", None)


def _names_the_offer(request: WireRequest) -> bool:
    return isinstance(request, BookingsRequest | CancellationsRequest | AbsenceRequest | EnrolmentRequest)


@lru_cache(maxsize=20_000)
def _folded(name: str) -> str:
    """A name folded once for all the chunks that speak of it."""
    return fold(name)


def _families(session: Session, numbers: set[str]) -> dict[str, tuple[int, str]]:
    query = select(Family.number, Family.id, Family.label).where(Family.number.in_(numbers))
    return {row.number: (row.id, _folded(f"{row.label} {row.number}")) for row in session.execute(query)}


def _children(session: Session, numbers: set[str]) -> dict[str, tuple[int, str]]:
    query = select(Person.number, Person.id, Person.last_name, Person.first_name)
    rows = session.execute(query.where(Person.number.in_(numbers)))
    return {str(row.number): (row.id, _folded(f"{row.last_name} {row.first_name}")) for row in rows}


def _memberships(session: Session, children: set[int]) -> dict[tuple[int, int], date | None]:
    """The last day of each child's membership of each family, None where it goes on."""
    query = select(Membership.family_id, Membership.person_id, Membership.until).where(
        Membership.person_id.in_(children), Membership.role == MemberRole.CHILD
    )
    return {(row.family_id, row.person_id): row.until for row in session.execute(query)}


def _revisions(session: Session, portal: str, ids: set[str]) -> dict[str, dict[int, Revision]]:
    """Every revision of the requests named, rows locked in id order so that no desk takes one up meanwhile."""
    query = (
        select(
            Request.id,
            Request.external_id,
            Request.revision,
            Request.payload_hash,
            Request.state,
            Request.family_id,
        )
        .where(Request.portal == portal, Request.external_id.in_(ids))
        .order_by(Request.id)
        .with_for_update()
    )
    found: dict[str, dict[int, Revision]] = {}
    for row in session.execute(query):
        revision = Revision(row.revision, row.payload_hash, row.state, row.family_id, row.id)
        found.setdefault(row.external_id, {})[row.revision] = revision
    return found
