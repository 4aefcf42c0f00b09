"""The register of fiscal attestations: finding one, and printing exactly what was issued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from guichet.models.money import Attestation
from guichet.models.people import Family, Person
from guichet.reports import attestation as printed
from guichet.reports import printing
from guichet.reports.letterhead import Letterhead, PostalAddress
from guichet.rules.errors import UserError
from guichet.rules.permissions import Permission
from guichet.rules.text import fold
from guichet.services import numbering
from guichet.services.invoice_documents import write_files
from guichet.services.paging import Page, PageQuery
from guichet.services.transaction import Context, needs

SERIES = "AF"
KIND = "attestation"


@dataclass(frozen=True)
class AttestationRow:
    """An attestation of the register; `new` where this call issued it, `replaces` the number it corrects."""

    attestation_id: int
    number: str
    version: int
    year: int
    family_id: int
    family_number: str
    child_id: int
    child: str
    payer: str
    issued_on: date
    amount_cents: int
    excluded_cents: int
    sha256: str
    replaces: str
    new: bool = False


@dataclass(frozen=True)
class AttestationQuery(PageQuery):
    """Which attestations of the register; `latest` leaves out the versions since replaced.

    `text`: a family's name or number, or the attestation's own number (« AF-12 »).
    """

    attestation_id: int | None = None
    year: int | None = None
    text: str = ""
    family_id: int | None = None
    latest: bool = False
    sort: str = "number"
    descending: bool = True


@dataclass(frozen=True)
class ExportAttestations:
    """Write one PDF per attestation in a folder, and one with them all when `merged`."""

    attestation_ids: tuple[int, ...]
    folder: Path
    merged: bool = True


@needs(Permission.READ_BILLING)
def search(session: Session, context: Context, query: AttestationQuery) -> Page[AttestationRow]:
    """The register, filtered, sorted and paged in SQL."""
    statement = select(Attestation.id)
    if query.year is not None:
        statement = statement.where(Attestation.year == query.year)
    if query.family_id is not None:
        statement = statement.where(Attestation.family_id == query.family_id)
    if query.attestation_id is not None:
        statement = statement.where(Attestation.id == query.attestation_id)
    if query.text.strip():
        statement = statement.join(Family, Family.id == Attestation.family_id).where(_named(query.text))
    if query.latest:
        newer = aliased(Attestation)
        statement = statement.where(~select(newer.id).where(newer.replaces_id == Attestation.id).exists())
    total = session.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
    sorts = {
        "number": Attestation.number,
        "payer": Attestation.payer_name,
        "amount_cents": Attestation.amount_cents,
        "year": Attestation.year,
    }
    key = sorts.get(query.sort, Attestation.number)
    statement = statement.order_by(key.desc() if query.descending else key, Attestation.id)
    ids = session.execute(statement.limit(query.size).offset(query.offset)).scalars().all()
    return Page(rows_of(session, ids), total, query.offset)


def _named(text: str) -> Any:
    typed = text.strip()
    number = typed.upper().removeprefix(f"{SERIES}-")
    names = [Family.search_key.contains(word, autoescape=True) for word in fold(typed).split()]
    return or_(
        Family.number == typed,
        Attestation.number == int(number) if number.isdecimal() else literal(False),
        and_(*names) if names else literal(False),
    )


def rows_of(
    session: Session, ids: Sequence[int], new: frozenset[int] = frozenset()
) -> tuple[AttestationRow, ...]:
    """Attestations as the register lists them, in the order of the ids; those in `new` were just issued."""
    old = aliased(Attestation)
    rows = session.execute(
        select(Attestation, Family.number, Person.first_name, Person.last_name, old.number.label("replaced"))
        .join(Family, Family.id == Attestation.family_id)
        .join(Person, Person.id == Attestation.child_id)
        .outerjoin(old, old.id == Attestation.replaces_id)
        .where(Attestation.id.in_(ids))
    )
    found = {}
    for attestation, family_number, first_name, last_name, replaced in rows:
        found[attestation.id] = AttestationRow(
            attestation_id=attestation.id,
            number=numbering.document_label(SERIES, attestation.number),
            version=attestation.version,
            year=attestation.year,
            family_id=attestation.family_id,
            family_number=family_number,
            child_id=attestation.child_id,
            child=f"{first_name} {last_name}",
            payer=attestation.payer_name,
            issued_on=attestation.issued_on,
            amount_cents=attestation.amount_cents,
            excluded_cents=attestation.content["excluded"],
            sha256=attestation.sha256,
            replaces=numbering.document_label(SERIES, replaced) if replaced else "",
            new=attestation.id in new,
        )
    return tuple(found[attestation_id] for attestation_id in ids)


@needs(Permission.READ_BILLING)
def documents(
    session: Session, context: Context, attestation_ids: Sequence[int]
) -> tuple[printed.Attestation, ...]:
    """All that each attestation prints, from what was frozen at its issue. Raises UserError for an unknown one."""
    rows = session.execute(
        select(Attestation.id, Attestation.content).where(Attestation.id.in_(attestation_ids))
    )
    contents = {row.id: row.content for row in rows}
    if len(contents) < len(set(attestation_ids)):
        raise UserError("Cette attestation n’existe pas : relancez la recherche.", code="attestation_unknown")
    return tuple(_document(contents[attestation_id]) for attestation_id in attestation_ids)


def _document(content: dict[str, Any]) -> printed.Attestation:
    head = content["letterhead"]
    replaced_on = content["replaced_on"]
    return printed.Attestation(
        letterhead=Letterhead(**{**head, "address": tuple(head["address"])}),
        number=content["number"],
        version=content["version"],
        year=content["year"],
        issued_on=date.fromisoformat(content["issued_on"]),
        family_number=content["family_number"],
        payer=PostalAddress(content["payer"]["name"], tuple(content["payer"]["lines"])),
        child_name=content["child_name"],
        child_birth_date=date.fromisoformat(content["child_birth_date"]),
        care=content["care"],
        amount=content["amount"],
        signatory_name=content["signatory_name"],
        signatory_title=content["signatory_title"],
        place=content["place"],
        details=tuple(
            printed.AttestationLine(detail["activity"], detail["amount"]) for detail in content["details"]
        ),
        replaces=content["replaces"],
        replaced_on=date.fromisoformat(replaced_on) if replaced_on else None,
    )


@needs(Permission.READ_BILLING)
def pdf(session: Session, context: Context, attestation_ids: Sequence[int]) -> bytes:
    """One PDF of these attestations, in the order asked."""
    return printing.attestations_pdf(documents(session, context, attestation_ids))


@needs(Permission.READ_BILLING)
def export(session: Session, context: Context, command: ExportAttestations) -> tuple[Path, ...]:
    """Write the files and return their paths, the merged one last. Raises EnvironmentProblem when it cannot."""
    sheets = documents(session, context, command.attestation_ids)
    contents = [
        (f"attestation-{sheet.year}-{sheet.number}.pdf", printing.attestation_pdf(sheet)) for sheet in sheets
    ]
    if command.merged and sheets:
        contents.append((f"attestations-{sheets[0].year}.pdf", printing.attestations_pdf(sheets)))
    return write_files(command.folder, contents)
