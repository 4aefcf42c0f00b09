"""What a journal entry speaks of: its name in French, and the family it concerns."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from guichet.models.bookings import Booking, Enrolment
from guichet.models.dossiers import Document, Dossier
from guichet.models.money import Attestation, DocumentOrigin, Invoice, Payment
from guichet.models.offer import Activity
from guichet.models.people import Family, Membership, Person, Quotient
from guichet.models.requests import ImportBatch, Request
from guichet.models.settings import Journal, UserAccount
from guichet.services.request_labels import KIND_LABELS

KINDS: dict[str, str] = {
    "request": "Demande",
    "family": "Famille",
    "person": "Personne",
    "payment": "Règlement",
    "invoice": "Facture",
    "charge": "Prestations",
    "attestation": "Attestation",
    "document": "Pièce",
    "dossier": "Dossier",
    "enrolment": "Inscription",
    "booking": "Réservation",
    "quotient": "Quotient familial",
    "import_batch": "Lot du portail",
    "user_account": "Compte",
    "activity": "Activité",
    "tariff": "Tarif",
    "school_year": "Année scolaire",
    "holiday": "Vacances ou jour férié",
    "closure": "Fermeture",
    "calendar": "Calendrier",
    "setting": "Réglages",
    "portal": "Portail",
    "database": "Base",
    "noethys": "Reprise",
}

# The rows of each kind and the family each belongs to.
_OWNERS: dict[str, tuple[Any, Any]] = {
    "family": (Family.id, Family.id),
    "person": (Membership.person_id, Membership.family_id),
    "request": (Request.id, Request.family_id),
    "payment": (Payment.id, Payment.family_id),
    "invoice": (Invoice.id, Invoice.family_id),
    "attestation": (Attestation.id, Attestation.family_id),
    "document": (Document.id, Document.family_id),
    "dossier": (Dossier.id, Dossier.family_id),
    "enrolment": (Enrolment.id, Enrolment.family_id),
    "booking": (Booking.id, Booking.family_id),
    "quotient": (Quotient.id, Quotient.family_id),
}


@dataclass(frozen=True)
class Subject:
    """What an entry speaks of, as read on screen, and the family it belongs to (None: none, or several)."""

    name: str
    family_id: int | None = None


def about_family(family_id: int) -> ColumnElement[bool]:
    """Entries that concern a family: its own, its people's, its requests' and its documents', runs that made one included."""
    found = [
        select(Journal.id)
        .join(row.class_, row == Journal.subject_id)
        .where(Journal.subject_kind == kind, owner == family_id)
        for kind, (row, owner) in _OWNERS.items()
    ]
    found.append(
        _run_that_made(Invoice, "billing.issue", Invoice.family_id == family_id, imported=Invoice.origin)
    )
    found.append(_run_that_made(Attestation, "attestation.issue", Attestation.family_id == family_id))
    return Journal.id.in_(union_all(*found))


def about_words(word: str) -> ColumnElement[bool]:
    """Entries on a request, or on something of a family, that is known by this folded word."""
    found: list[Select[int]] = [
        select(Journal.id)
        .join(Request, Request.id == Journal.subject_id)
        .where(
            Journal.subject_kind == "request", func.lower(Request.external_id).contains(word, autoescape=True)
        )
    ]
    for kind in ("family", "person", "request", "payment"):
        row, owner = _OWNERS[kind]
        statement = select(Journal.id).join(row.class_, row == Journal.subject_id)
        if row.class_ is not Family:
            statement = statement.join(Family, Family.id == owner)
        found.append(
            statement.where(Journal.subject_kind == kind, Family.search_key.contains(word, autoescape=True))
        )
    return Journal.id.in_(union_all(*found))


def _run_that_made(
    made: type[Invoice] | type[Attestation],
    action: str,
    of_family: ColumnElement[bool],
    *,
    imported: Any = None,
) -> Select[int]:
    """A run is journalled once, on its first document: each document belongs to the last run begun before it."""
    run = aliased(Journal)
    first = (
        select(func.max(run.subject_id))
        .where(run.subject_kind == Journal.subject_kind, run.action == action, run.subject_id <= made.id)
        .correlate(made, Journal)
        .scalar_subquery()
    )
    statement = select(Journal.id).join(made, first == Journal.subject_id)
    statement = statement.where(
        Journal.subject_kind == made.__tablename__, Journal.action == action, of_family
    )
    return statement if imported is None else statement.where(imported == DocumentOrigin.GUICHET)


def named(
    session: Session, subjects: Iterable[tuple[str, int | None]]
) -> dict[tuple[str, int | None], Subject]:
    """The names of these subjects: one query for each kind among them."""
    ids: dict[str, set[int]] = defaultdict(set)
    found: dict[tuple[str, int | None], Subject] = {}
    for kind, row_id in subjects:
        found[kind, row_id] = Subject(_plain(kind, row_id))
        if row_id is not None:
            ids[kind].add(row_id)
    for kind, wanted in ids.items():
        if kind in _NAMES:
            for row in session.execute(_NAMES[kind](sorted(wanted))):
                found[kind, row.id] = _subject(kind, row)
    return found


def _plain(kind: str, row_id: int | None) -> str:
    label = KINDS.get(kind, kind)
    return label if row_id is None else f"{label} n° {row_id}"


def _subject(kind: str, row: Any) -> Subject:
    name = f"{KINDS[kind]} {row.name}".strip()
    if kind == "request":
        name = f"{KIND_LABELS[row.kind]} {row.name}"
    if kind == "attestation":
        name = f"{KINDS[kind]} n° {row.name}"
    if kind == "person":
        name = row.name
    family = f"{row.family} (n° {row.number})" if getattr(row, "family", None) is not None else ""
    if kind == "family":
        return Subject(f"Famille {family}", row.family_id)
    return Subject(f"{name}, {family}" if family else name, getattr(row, "family_id", None))


def _with_family(name: Any, row: Any, owner: Any, ids: Sequence[int], *more: Any) -> Select[*tuple[Any, ...]]:
    columns = (
        row.label("id"),
        name.label("name"),
        Family.id.label("family_id"),
        Family.label.label("family"),
    )
    statement = select(*columns, Family.number.label("number"), *more).select_from(row.class_)
    return statement.outerjoin(Family, Family.id == owner).where(row.in_(ids))


def _families(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return select(
        Family.id,
        Family.id.label("family_id"),
        Family.label.label("family"),
        Family.number,
        Family.label.label("name"),
    ).where(Family.id.in_(ids))


def _people(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """A person of two families opens none by itself: the lower of their ids stands for the link."""
    return (
        select(
            Person.id,
            (Person.first_name + " " + Person.last_name).label("name"),
            func.min(Membership.family_id).label("family_id"),
        )
        .outerjoin(Membership, Membership.person_id == Person.id)
        .where(Person.id.in_(ids))
        .group_by(Person.id, Person.first_name, Person.last_name)
    )


_NAMES: dict[str, Any] = {
    "activity": lambda ids: select(Activity.id, Activity.name).where(Activity.id.in_(ids)),
    "request": lambda ids: _with_family(
        Request.external_id, Request.id, Request.family_id, ids, Request.kind
    ),
    "family": _families,
    "person": _people,
    "payment": lambda ids: _with_family(Payment.label, Payment.id, Payment.family_id, ids),
    "invoice": lambda ids: select(Invoice.id, Invoice.label.label("name")).where(Invoice.id.in_(ids)),
    "attestation": lambda ids: select(Attestation.id, Attestation.number.label("name")).where(
        Attestation.id.in_(ids)
    ),
    "document": lambda ids: _with_family(Document.name, Document.id, Document.family_id, ids),
    "dossier": lambda ids: _with_family(literal(""), Dossier.id, Dossier.family_id, ids),
    "enrolment": lambda ids: _with_family(literal(""), Enrolment.id, Enrolment.family_id, ids),
    "booking": lambda ids: _with_family(literal(""), Booking.id, Booking.family_id, ids),
    "quotient": lambda ids: _with_family(literal(""), Quotient.id, Quotient.family_id, ids),
    "import_batch": lambda ids: select(
        ImportBatch.id, (ImportBatch.portal + " " + ImportBatch.batch).label("name")
    ).where(ImportBatch.id.in_(ids)),
    "user_account": lambda ids: select(UserAccount.id, UserAccount.display_name.label("name")).where(
        UserAccount.id.in_(ids)
    ),
}
