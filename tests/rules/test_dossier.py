"""Validity of documents and of the yearly dossier on a date."""

from datetime import date

import pytest

from guichet.rules.calendar import DateSpan, SchoolYear
from guichet.rules.dossier import (
    DocumentState,
    DossierState,
    Piece,
    ValidityKind,
    dossier_state,
    good_until,
    missing_pieces,
)

YEAR = SchoolYear(1, "2025-2026", DateSpan(date(2025, 7, 5), date(2026, 7, 3)))
SHEET, INSURANCE = 1, 2
TODAY = date(2026, 3, 18)


def valid(type_id: int, until: date | None = None) -> Piece:
    return Piece(type_id, DocumentState.VALID, until)


def state(decision: DossierState | None, *pieces: Piece, on: date = TODAY) -> DossierState:
    return dossier_state(
        exists=True, decision=decision, required=[SHEET, INSURANCE], pieces=pieces, year=YEAR, on=on
    )


def test_how_long_a_document_counts_is_its_type_s_rule() -> None:
    issued = date(2025, 11, 30)
    assert good_until(ValidityKind.UNLIMITED, issued) is None
    assert good_until(ValidityKind.DURATION, issued, days=90) == date(2026, 2, 27)
    assert good_until(ValidityKind.SCHOOL_YEAR, issued, year=YEAR) == date(2026, 7, 3)
    assert good_until(ValidityKind.CALENDAR_YEAR, issued) == date(2025, 12, 31)
    assert good_until(ValidityKind.DATE, issued, until=date(2026, 1, 1)) == date(2026, 1, 1)


@pytest.mark.parametrize("kind", [ValidityKind.DURATION, ValidityKind.SCHOOL_YEAR, ValidityKind.DATE])
def test_a_rule_that_lacks_its_value_is_an_error_not_an_endless_validity(kind: ValidityKind) -> None:
    with pytest.raises(ValueError, match="lacks"):
        good_until(kind, TODAY)


def test_only_valid_pieces_that_still_count_fill_the_list() -> None:
    pieces = [valid(SHEET, date(2026, 3, 18)), Piece(INSURANCE, DocumentState.RECEIVED)]
    assert missing_pieces([SHEET, INSURANCE], pieces, TODAY) == (INSURANCE,)
    assert missing_pieces([SHEET, INSURANCE], pieces, date(2026, 3, 19)) == (SHEET, INSURANCE)


def test_the_state_is_computed_from_the_pieces_and_the_decision() -> None:
    complete = (valid(SHEET), valid(INSURANCE, date(2026, 7, 3)))
    assert state(None, valid(SHEET)) is DossierState.INCOMPLETE
    assert state(None, *complete) is DossierState.FILED
    assert state(DossierState.UNDER_REVIEW, *complete) is DossierState.UNDER_REVIEW
    assert state(DossierState.VALID, *complete) is DossierState.VALID
    assert state(DossierState.REFUSED, *complete) is DossierState.REFUSED


def test_a_valid_dossier_expires_with_its_pieces_or_its_year() -> None:
    assert (
        state(DossierState.VALID, valid(SHEET), valid(INSURANCE, date(2026, 3, 17))) is DossierState.EXPIRED
    )
    assert (
        state(DossierState.VALID, valid(SHEET), valid(INSURANCE), on=date(2026, 7, 4)) is DossierState.EXPIRED
    )


def test_an_agent_s_valid_stands_without_a_piece_but_not_with_a_bad_one() -> None:
    assert state(DossierState.VALID, valid(SHEET)) is DossierState.VALID
    for bad in (DocumentState.INVALID, DocumentState.REQUESTED):
        assert state(DossierState.VALID, valid(SHEET), Piece(INSURANCE, bad)) is DossierState.INCOMPLETE


def test_no_dossier_is_missing() -> None:
    found = dossier_state(exists=False, decision=None, required=[], pieces=[], year=YEAR, on=TODAY)
    assert found is DossierState.MISSING
