"""What the attestations screen reads: for each payer and child of a year, what was paid and what was attested."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from guichet.models.money import Attestation
from guichet.models.people import Family, Person
from guichet.rules.permissions import Permission
from guichet.services import numbering
from guichet.services.attestation_register import SERIES
from guichet.services.attestation_sums import Subject, YearSum, year_sums
from guichet.services.attestations import differs
from guichet.services.transaction import Context, needs


class Standing(StrEnum):
    """Where a payer's attestation for a child stands."""

    TO_ISSUE = "to_issue"
    ISSUED = "issued"
    CHANGED = "changed"
    NO_PAYER = "no_payer"


@dataclass(frozen=True)
class YearRow:
    """A payer and a child in a year: cents paid in it that count, those left out, and the attestation's if there is one."""

    family_id: int
    family_number: str
    family_label: str
    child_id: int
    child: str
    birth_date: date | None
    payer: str
    eligible_cents: int
    excluded_cents: int
    standing: Standing
    attestation_id: int | None
    number: str


@needs(Permission.READ_BILLING)
def of_year(session: Session, context: Context, year: int) -> tuple[YearRow, ...]:
    """Everyone who paid for a young enough child that year, by family then child, in a fixed number of queries.

    A payer whose payments were corrected since their attestation is `changed`: issuing gives a new version.
    """
    sums = year_sums(session, year)
    issued = _latest(session, year)
    subjects = [
        subject for subject in sums.keys() | issued.keys() if subject in issued or sums[subject].eligible > 0
    ]
    families = _families(session, {subject.family_id for subject in subjects})
    people = _people(
        session,
        {person for subject in subjects for person in (subject.child_id, subject.payer_id) if person},
    )
    rows = [
        _row(subject, sums.get(subject, YearSum(subject, ())), issued.get(subject), families, people)
        for subject in subjects
    ]
    order = {subject.family_id: families[subject.family_id].sort_key for subject in subjects}
    return tuple(sorted(rows, key=lambda row: (order[row.family_id], row.family_id, row.child)))


def _row(
    subject: Subject,
    one: YearSum,
    attestation: Attestation | None,
    families: dict[int, Family],
    people: dict[int, Person],
) -> YearRow:
    child = people[subject.child_id]
    payer = people.get(subject.payer_id or 0)
    family = families[subject.family_id]
    return YearRow(
        family_id=family.id,
        family_number=family.number,
        family_label=family.label,
        child_id=child.id,
        child=f"{child.first_name} {child.last_name}",
        birth_date=child.birth_date,
        payer=f"{payer.first_name} {payer.last_name}" if payer else "",
        eligible_cents=one.eligible,
        excluded_cents=one.excluded,
        standing=_standing(subject, one, attestation),
        attestation_id=attestation.id if attestation else None,
        number=numbering.document_label(SERIES, attestation.number) if attestation else "",
    )


def _standing(subject: Subject, one: YearSum, attestation: Attestation | None) -> Standing:
    if subject.payer_id is None:
        return Standing.NO_PAYER
    if attestation is None:
        return Standing.TO_ISSUE
    return Standing.CHANGED if differs(one, attestation.content) else Standing.ISSUED


def _latest(session: Session, year: int) -> dict[Subject, Attestation]:
    newer = aliased(Attestation)
    rows = session.execute(
        select(Attestation).where(
            Attestation.year == year,
            ~select(newer.id).where(newer.replaces_id == Attestation.id).exists(),
        )
    ).scalars()
    return {Subject(row.family_id, row.payer_id, row.child_id): row for row in rows}


def _families(session: Session, ids: set[int]) -> dict[int, Family]:
    return {row.id: row for row in session.execute(select(Family).where(Family.id.in_(ids))).scalars()}


def _people(session: Session, ids: set[int]) -> dict[int, Person]:
    return {row.id: row for row in session.execute(select(Person).where(Person.id.in_(ids))).scalars()}
