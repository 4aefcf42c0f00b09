"""Fiscal attestations: issued once a year for each child and payer, frozen, and issued anew after a correction."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, aliased

from guichet.models.money import Allocation, Attestation
from guichet.models.people import Family, Person
from guichet.reports.letterhead import PostalAddress
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.rules.typography import count
from guichet.services import journal, numbering, pricing, settings
from guichet.services.attestation_register import KIND, SERIES, AttestationRow, rows_of
from guichet.services.attestation_sums import Subject, YearSum, year_sums
from guichet.services.bulk import insert_rows
from guichet.services.identities import Holder, address_lines, holders, letterhead, person_name
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class IssueAttestations:
    """The attestations of a year, of one family or child when named."""

    year: int
    family_id: int | None = None
    child_id: int | None = None
    command_id: str | None = None


@dataclass(frozen=True)
class AttestationsResult:
    """What was asked for: those that existed already as they were, the new ones; what is missing and why."""

    attestations: tuple[AttestationRow, ...]
    problems: tuple[str, ...]


@needs(Permission.ISSUE_ATTESTATIONS)
def issue(session: Session, context: Context, command: IssueAttestations) -> AttestationsResult:
    """The attestations of a year for what was actually paid in it, whatever the day of the care.

    Asked again, the same comes out, unchanged; where payments were corrected since, a new version names the old.
    Raises UserError for a year to come.
    """
    today = paris_day(context.now)
    if command.year > today.year:
        raise UserError(f"L’année {command.year} n’a pas commencé : choisissez-en une autre.", field="year")
    pricing.lock_billing(session)
    numbering.lock(session, SERIES, KIND)
    family_ids = None if command.family_id is None else [command.family_id]
    sums = year_sums(session, command.year, family_ids=family_ids, child_id=command.child_id)
    known = _latest(session, command)
    wanted = [
        (subject, sums.get(subject, YearSum(subject, ())), known.get(subject))
        for subject in sorted(sums.keys() | known.keys(), key=_order)
    ]
    changed = [
        (one, old)
        for subject, one, old in wanted
        if subject.payer_id is not None and (differs(one, old.content) if old else one.eligible > 0)
    ]
    new_ids = _write(session, context, command.year, changed)
    current = {subject: old.id for subject, old in known.items()}
    current |= {one.subject: new_id for (one, _), new_id in zip(changed, new_ids, strict=True)}
    ids = [current[subject] for subject, _, _ in wanted if subject in current]
    found = rows_of(session, ids, frozenset(new_ids))
    return AttestationsResult(found, tuple(_problems(session, command, sums, found)))


def _order(subject: Subject) -> tuple[int, int, int]:
    return subject.family_id, subject.child_id, subject.payer_id or 0


def _latest(session: Session, command: IssueAttestations) -> dict[Subject, Row[Any]]:
    newer = aliased(Attestation)
    statement = select(
        Attestation.id,
        Attestation.family_id,
        Attestation.payer_id,
        Attestation.child_id,
        Attestation.version,
        Attestation.number,
        Attestation.issued_on,
        Attestation.amount_cents,
        Attestation.content,
    ).where(
        Attestation.year == command.year,
        ~select(newer.id).where(newer.replaces_id == Attestation.id).exists(),
    )
    if command.family_id is not None:
        statement = statement.where(Attestation.family_id == command.family_id)
    if command.child_id is not None:
        statement = statement.where(Attestation.child_id == command.child_id)
    return {Subject(row.family_id, row.payer_id, row.child_id): row for row in session.execute(statement)}


def differs(one: YearSum, content: dict[str, Any]) -> bool:
    """Whether the payments no longer say what was attested, activity by activity."""
    attested = {
        (detail["activity_id"], "" if detail["activity_id"] else detail["activity"]): detail["amount"]
        for detail in content["details"]
    }
    # An activity renamed since is the same activity; what has none goes by its label.
    paid = {
        (part.activity_id, "" if part.activity_id else part.activity): part.eligible
        for part in one.parts
        if part.eligible
    }
    return bool(attested != paid)


def _write(
    session: Session, context: Context, year: int, changed: Sequence[tuple[YearSum, Row[Any] | None]]
) -> list[int]:
    if not changed:
        return []
    sheet = _Sheet(session, context, year, [one.subject for one, _ in changed])
    first = numbering.take(session, SERIES, KIND, len(changed))
    rows = [sheet.row(first + rank, one, old) for rank, (one, old) in enumerate(changed)]
    ids = insert_rows(session, Attestation.__table__, [dict(row) for row in rows])  # type: ignore[arg-type]
    corrected = sum(1 for _, old in changed if old is not None)
    journal.record(
        session,
        context,
        action="attestation.issue",
        subject=(KIND, ids[0]),
        summary=f"{count(len(ids), 'attestation fiscale', 'attestations fiscales')} {year}, "
        f"dont {count(corrected, 'rectificative')}",
        detail={"first": first, "count": len(ids)},
    )
    return ids


class _Sheet:
    """What every attestation of a run prints alike, and the row of each."""

    def __init__(self, session: Session, context: Context, year: int, subjects: Sequence[Subject]) -> None:
        self._year = year
        self._issued_on = paris_day(context.now)
        self._holders = holders(session, {subject.family_id for subject in subjects})
        self._people = _people(session, subjects)
        self._through = session.execute(select(func.coalesce(func.max(Allocation.id), 0))).scalar_one()
        town = settings.town(session)
        head = asdict(letterhead(session))
        del head["logo"]
        self._common = {
            "letterhead": head,
            "care": settings.get(session, "attestation.care_label"),
            "signatory_name": town.signatory,
            "signatory_title": town.signatory_title,
            "place": town.town or town.name,
        }

    def row(self, number: int, one: YearSum, old: Row[Any] | None) -> dict[str, Any]:
        subject = one.subject
        holder = self._holders[subject.family_id]
        payer, child = self._people[subject.payer_id], self._people[subject.child_id]
        address = self._address(holder, payer)
        version = old.version + 1 if old else 1
        content = {
            **self._common,
            "number": numbering.document_label(SERIES, number),
            "version": version,
            "year": self._year,
            "issued_on": self._issued_on.isoformat(),
            "family_number": holder.family_number,
            "payer": {"name": address.name, "lines": list(address.lines)},
            "child_name": f"{child.first_name} {child.last_name.upper()}",
            "child_birth_date": child.birth_date.isoformat(),
            "amount": one.eligible,
            "excluded": one.excluded,
            "details": [
                {"activity_id": part.activity_id, "activity": part.activity, "amount": part.eligible}
                for part in one.parts
                if part.eligible
            ],
            "replaces": numbering.document_label(SERIES, old.number) if old else "",
            "replaced_on": old.issued_on.isoformat() if old else None,
            "payments": [list(payment) for payment in one.payments],
            "through_allocation": self._through,
        }
        return {
            "family_id": subject.family_id,
            "child_id": subject.child_id,
            "year": self._year,
            "version": version,
            "number": number,
            "payer_id": subject.payer_id,
            "payer_name": address.name,
            "issued_on": self._issued_on,
            "amount_cents": one.eligible,
            "content": content,
            "sha256": content_hash(content),
            "replaces_id": old.id if old else None,
        }

    @staticmethod
    def _address(holder: Holder, payer: Any) -> PostalAddress:
        if payer.id == holder.payer_id:
            return holder.address
        name = person_name(payer.civility, payer.first_name, payer.last_name)
        lines = address_lines(payer.address, payer.postcode, payer.town) or holder.address.lines
        return PostalAddress(name, lines)


def _people(session: Session, subjects: Iterable[Subject]) -> dict[int | None, Any]:
    ids = {person_id for subject in subjects for person_id in (subject.payer_id, subject.child_id)}
    rows = session.execute(
        select(
            Person.id,
            Person.civility,
            Person.first_name,
            Person.last_name,
            Person.birth_date,
            Person.address,
            Person.postcode,
            Person.town,
        ).where(Person.id.in_(ids))
    )
    return {row.id: row for row in rows}


def content_hash(content: dict[str, Any]) -> str:
    """SHA-256 of an attestation's content, written in one canonical way."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _problems(
    session: Session,
    command: IssueAttestations,
    sums: dict[Subject, YearSum],
    found: Sequence[AttestationRow],
) -> Iterable[str]:
    orphans = {subject.family_id for subject in sums if subject.payer_id is None}
    for number in session.execute(
        select(Family.number).where(Family.id.in_(orphans)).order_by(Family.number)
    ).scalars():
        yield f"Famille n° {number} : aucun payeur, désignez un adulte pour délivrer l’attestation."
    if not found and (command.family_id is not None or command.child_id is not None):
        yield (
            f"Rien à attester pour {command.year} : aucune somme ouvrant droit n’a été encaissée dans l’année "
            "pour un enfant de moins de six ans au 1er janvier."
        )
