"""Yearly dossiers with their pieces and the quotients of the demonstration's families, some of them wanting."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from guichet.models.dossiers import Document, DocumentState, Dossier, DossierState
from guichet.models.people import Consent, ConsentKind, Quotient, QuotientSource, Schooling
from guichet.rules.text import paris_day
from guichet.services.demo.offer import Offer
from guichet.services.demo.people import Household, SomeOne
from guichet.services.demo.sources import QF_542, SOURCE_FAMILIES
from guichet.services.demo.writing import Writer

_YEAR_ENDS = date(2026, 7, 3)
_COMPLETE = frozenset({"FICHE", "ASSUR"})


def write_dossiers(
    writer: Writer, rng: Random, households: Sequence[Household], offer: Offer, school_year_id: int
) -> None:
    """A dossier a child and family of the year: most valid, some to decide, some without their insurance."""
    filed_at = writer.now - timedelta(days=200)
    dossiers: list[dict[str, Any]] = []
    documents: list[dict[str, Any]] = []
    for household in households:
        if household.archived:
            continue
        documents += _family_pieces(household, offer.document_types, filed_at)
        for child in household.children:
            state, pieces = _draw_dossier(rng, always_valid=household.number in SOURCE_FAMILIES)
            dossiers.append(
                {
                    "child_id": child.id,
                    "family_id": household.id,
                    "school_year_id": school_year_id,
                    "state": state,
                    "filed_at": filed_at,
                    "decided_at": filed_at + timedelta(days=6) if state is DossierState.VALID else None,
                    "decided_by": "agent" if state is DossierState.VALID else None,
                }
            )
            documents += [
                _piece(household.id, child.id, offer.document_types[code], label, filed_at, _YEAR_ENDS)
                for code, label in (("FICHE", "Fiche sanitaire"), ("ASSUR", "Attestation d’assurance"))
                if code in pieces
            ]
            if rng.random() < 0.5:
                booster = paris_day(writer.now) + timedelta(days=rng.randrange(5, 900))
                documents.append(
                    _piece(
                        household.id, child.id, offer.document_types["VACCINS"], "Vaccins", filed_at, booster
                    )
                )
    writer.add(Dossier, dossiers)
    writer.add(Document, documents)


def write_quotients(writer: Writer, rng: Random, households: Sequence[Household]) -> None:
    """The quotient of 2025 and of 2026; some families never gave any, a few are known to have none."""
    rows = []
    for household in households:
        if household.quotient is None or household.archived:
            continue
        source = QuotientSource.MSA if household.regime == "MSA" else QuotientSource.CAF
        last_year = max(0, household.quotient + rng.randrange(-60, 61))
        for year, value in ((2025, last_year), (2026, household.quotient)):
            rows.append(
                {
                    "family_id": household.id,
                    "source": source,
                    "value": value,
                    "income_cents": None,
                    "benefits_cents": None,
                    "parts": None,
                    "valid_from": date(year, 1, 1),
                    "valid_until": date(year, 12, 31),
                }
            )
        if household.number == QF_542:
            # Seed 003: last income 1 083,33 € a month, 2 parts: 541,665, hence 542.
            for row in rows[-2:]:
                row |= {
                    "source": QuotientSource.TAX_NOTICE,
                    "value": 542,
                    "income_cents": 108333 * 12,
                    "benefits_cents": 0,
                    "parts": "2",
                }
    writer.add(Quotient, rows)


def write_schooling(writer: Writer, households: Sequence[Household], offer: Offer) -> None:
    """The school and class of each child this year, by age; each child once."""
    seen: set[int] = set()
    rows = []
    for household in households:
        for child in household.children:
            if child.id in seen or household.archived:
                continue
            seen.add(child.id)
            school, level = _school(child)
            if school is not None:
                rows.append(
                    {
                        "child_id": child.id,
                        "school_id": offer.schools[school],
                        "class_name": level,
                        "level": level,
                        "starts_on": date(2025, 9, 1),
                        "ends_on": _YEAR_ENDS,
                    }
                )
    writer.add(Schooling, rows)


def write_consents(writer: Writer, rng: Random, households: Sequence[Household]) -> None:
    """Photo consent of each child, e-invoice consent of each family that receives its invoices by e-mail."""
    given_at = writer.now - timedelta(days=200)
    rows = []
    for household in households:
        if household.archived:
            continue
        rows.append(_consent(ConsentKind.EINVOICE, household.by_email, given_at, family_id=household.id))
        rows += [
            _consent(ConsentKind.PHOTO, rng.random() < 0.85, given_at, person_id=child.id)
            for child in household.children
        ]
    writer.add(Consent, rows)


def _draw_dossier(rng: Random, *, always_valid: bool) -> tuple[DossierState, frozenset[str]]:
    drawn = rng.random()
    if always_valid or drawn < 0.9:
        return DossierState.VALID, _COMPLETE
    if drawn < 0.94:
        return DossierState.FILED, _COMPLETE
    if drawn < 0.98:
        return DossierState.FILED, frozenset({"FICHE"})
    return DossierState.EXPECTED, frozenset()


def _family_pieces(
    household: Household, types: Mapping[str, int], received_at: datetime
) -> list[dict[str, Any]]:
    proof = _piece(
        household.id,
        None,
        types["DOMICILE"],
        "Justificatif de domicile",
        received_at,
        paris_day(received_at) + timedelta(days=90),
    )
    if household.quotient is None:
        return [proof]
    caf = _piece(household.id, None, types["CAF"], "Attestation de quotient", received_at, date(2026, 12, 31))
    return [proof, caf]


def _piece(
    family_id: int, child_id: int | None, type_id: int, name: str, received_at: datetime, until: date
) -> dict[str, Any]:
    return {
        "type_id": type_id,
        "family_id": family_id,
        "person_id": child_id,
        "state": DocumentState.VALID,
        "name": name,
        "received_at": received_at,
        "valid_from": paris_day(received_at),
        "valid_until": until,
    }


def _school(child: SomeOne) -> tuple[str | None, str]:
    age = child.age_on(date(2025, 12, 31))
    levels = {3: "PS", 4: "MS", 5: "GS", 6: "CP", 7: "CE1", 8: "CE2", 9: "CM1", 10: "CM2"}
    if age in levels:
        if child.id % 3 == 0:
            return "École primaire des Tilleuls", levels[age]
        infant = age <= 5
        return f"École {'maternelle' if infant else 'élémentaire'} des Noisetiers", levels[age]
    college = {11: "6e", 12: "5e", 13: "4e", 14: "3e"}
    return ("Collège de Valbrise", college[age]) if age in college else (None, "")


def _consent(
    kind: ConsentKind,
    given: bool,
    given_at: datetime,
    *,
    family_id: int | None = None,
    person_id: int | None = None,
) -> dict[str, Any]:
    return {
        "family_id": family_id,
        "person_id": person_id,
        "kind": kind,
        "given": given,
        "given_at": given_at,
    }
