"""What a family's sheet reads: dossiers and pieces, what waits, the planning, the children."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from guichet.models.bookings import BookingState
from guichet.models.database import Database
from guichet.models.dossiers import (
    Document,
    DocumentScope,
    DocumentState,
    DocumentType,
    Dossier,
    DossierState,
    ValidityRule,
)
from guichet.models.people import Family, Person
from guichet.models.settings import SchoolYear
from guichet.rules.errors import StaleVersion, UserError
from guichet.rules.permissions import Role
from guichet.rules.planning import Sign
from guichet.services import (
    documents,
    family_alerts,
    family_children,
    family_dossiers,
    family_planning,
    transaction,
)
from guichet.services.documents import CheckDocument
from guichet.services.family_alerts import AlertKind
from guichet.services.family_dossiers import PieceStatus
from guichet.services.family_planning import PlanningQuery
from guichet.services.transaction import Actor, Context
from tests import builders

RECEIVED = datetime(2026, 3, 10, 8, tzinfo=UTC)
DAY = date(2026, 3, 25)


@pytest.fixture
def family_id(database: Database) -> int:
    """Zoé, enrolled where a dossier is needed; two pieces required, one of the household and one of the child."""
    with database.writing() as session:
        session.add(SchoolYear(label="2025-2026", starts_on=date(2025, 7, 5), ends_on=date(2026, 7, 3)))
        for code, scope in (("CAF", DocumentScope.FAMILY), ("ASSUR", DocumentScope.CHILD)):
            session.add(
                DocumentType(
                    code=code,
                    label=code,
                    scope=scope,
                    validity=ValidityRule.DURATION,
                    validity_days=30,
                    required=True,
                )
            )
        mother = builders.add_person(session, "Lefèvre", "Hélène")
        child = builders.add_person(session, "Lefèvre", "Zoé", birth_date=date(2019, 3, 19))
        family = builders.add_family(session, "1001", adults=[mother], children=[child])
        activity = builders.add_activity(session)
        enrolment = builders.enrol(session, child, family, activity)
        slot = builders.slot_of(session, activity)
        builders.open_day(session, slot, DAY)
        for number in range(2):
            rival = builders.add_person(session, "Rival", f"R{number}")
            other = builders.add_family(session, f"200{number}", adults=[], children=[rival])
            theirs = builders.enrol(session, rival, other, activity)
            builders.book(session, theirs, slot, DAY, BookingState.WAITING)
        builders.book(session, enrolment, slot, DAY, BookingState.WAITING)
        return family.id


def add_piece(
    database: Database, family_id: int, code: str, state: DocumentState, until: date | None = None
) -> int:
    with database.writing() as session:
        kind = session.query(DocumentType).filter_by(code=code).one()
        child = session.query(Person).filter_by(first_name="Zoé").one()
        document = Document(
            type_id=kind.id,
            family_id=family_id,
            person_id=child.id if kind.scope is DocumentScope.CHILD else None,
            state=state,
            name=f"{code}.pdf",
            received_at=RECEIVED,
            valid_until=until,
        )
        session.add(document)
        session.flush()
        return document.id


def kinds(database: Database, context: Context, family_id: int) -> dict[AlertKind, tuple[int, bool]]:
    found = transaction.read(database, context, family_alerts.alerts, family_id)
    return {alert.kind: (alert.count, alert.urgent) for alert in found}


def test_required_pieces_never_given_are_listed_as_missing(
    database: Database, context: Context, family_id: int
) -> None:
    view = transaction.read(database, context, family_dossiers.dossiers, family_id)
    assert [(one.label, one.owner, one.status) for one in view.pieces] == [
        ("CAF", "Famille", PieceStatus.MISSING),
        ("ASSUR", "Zoé", PieceStatus.MISSING),
    ]


def test_what_waits_follows_the_dossier_and_its_pieces(
    database: Database, context: Context, family_id: int
) -> None:
    assert kinds(database, context, family_id) == {AlertKind.DOSSIER: (1, True)}, "enrolled without dossier"
    with database.writing() as session:
        child = session.query(Person).filter_by(first_name="Zoé").one()
        year = session.query(SchoolYear).one()
        session.add(
            Dossier(child_id=child.id, family_id=family_id, school_year_id=year.id, state=DossierState.VALID)
        )
    assert kinds(database, context, family_id) == {}, "decided valid: what was never asked was waived"
    add_piece(database, family_id, "CAF", DocumentState.VALID, date(2026, 3, 17))
    assert kinds(database, context, family_id) == {
        AlertKind.DOSSIER: (1, True),
        AlertKind.EXPIRED: (1, True),
    }
    add_piece(database, family_id, "CAF", DocumentState.VALID, date(2026, 3, 18))
    assert kinds(database, context, family_id) == {}, "the newer one counts, on its last day too"
    add_piece(database, family_id, "ASSUR", DocumentState.RECEIVED)
    assert kinds(database, context, family_id)[AlertKind.TO_CHECK] == (1, False)


def test_a_piece_is_checked_for_as_long_as_its_type_says_and_by_whom(
    database: Database, context: Context, family_id: int
) -> None:
    document_id = add_piece(database, family_id, "ASSUR", DocumentState.RECEIVED)
    transaction.run(database, context, documents.check, CheckDocument(str(uuid4()), document_id, 1, True))
    view = transaction.read(database, context, family_dossiers.dossiers, family_id)
    (piece,) = [one for one in view.pieces if one.document_id == document_id]
    assert (piece.status, piece.valid_until) == (PieceStatus.VALID, date(2026, 4, 8))
    assert (piece.checked_by, piece.checked_on) == (context.actor.login, date(2026, 3, 18))
    with pytest.raises(StaleVersion):
        transaction.run(
            database,
            context,
            documents.check,
            CheckDocument(str(uuid4()), document_id, 1, False, "Illisible"),
        )
    with pytest.raises(UserError) as refusal:
        transaction.run(
            database, context, documents.check, CheckDocument(str(uuid4()), document_id, piece.version, False)
        )
    assert refusal.value.field == "reason"


def test_a_waiting_booking_shows_its_rank(database: Database, context: Context, family_id: int) -> None:
    (row,) = transaction.read(
        database, context, family_planning.planning, PlanningQuery(family_id, DAY, DAY)
    ).rows
    cell = row.cells[0]
    assert cell is not None
    assert (cell.sign, cell.rank) == (Sign.WAITING, 3)


def test_requests_are_not_shown_to_who_may_not_read_them(
    database: Database, context: Context, family_id: int
) -> None:
    stranger = Context(Actor("nul", "Nul", frozenset()), context.now)
    with pytest.raises(UserError):
        transaction.read(database, stranger, family_alerts.alerts, family_id)
    director = Context(Actor("dir", "Dir", frozenset({Role.ALSH_DIRECTOR})), context.now)
    assert AlertKind.OVERDUE not in kinds(database, director, family_id)


def test_a_sheet_costs_as_many_queries_for_six_children_as_for_one(
    database: Database, context: Context, family_id: int
) -> None:
    statements: list[str] = []

    def count(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    def cost() -> list[int]:
        found = []
        for reading, asked in (
            (family_dossiers.dossiers, family_id),
            (family_alerts.alerts, family_id),
            (family_children.children, family_id),
            (family_planning.planning, PlanningQuery(family_id, date(2026, 3, 1), date(2026, 3, 31))),
        ):
            statements.clear()
            transaction.read(database, context, reading, asked)
            found.append(len(statements))
        return found

    event.listen(Engine, "before_cursor_execute", count)
    try:
        before = cost()
        with database.writing() as session:
            family = session.get_one(Family, family_id)
            activity = session.query(builders.Activity).first()
            for number in range(5):
                child = builders.add_person(
                    session, "Lefèvre", f"Enfant{number}", birth_date=date(2018, 1, 1)
                )
                session.add(
                    builders.Membership(
                        family_id=family.id, person_id=child.id, role=builders.MemberRole.CHILD, position=9
                    )
                )
                session.flush()
                enrolment = builders.enrol(session, child, family, activity)
                builders.book(session, enrolment, builders.slot_of(session, activity), DAY)
        assert cost() == before
    finally:
        event.remove(Engine, "before_cursor_execute", count)
