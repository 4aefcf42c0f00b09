"""What accepting each kind of request does to the base, and what undoing it puts back."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from guichet.models.bookings import Attendance, Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.database import Database
from guichet.models.dossiers import (
    Document,
    DocumentScope,
    DocumentState,
    DocumentType,
    ValidityRule,
)
from guichet.models.money import Charge, ChargeBooking, Invoice, InvoiceKind, InvoiceLine
from guichet.models.people import (
    AuthorisedPerson,
    Consent,
    ConsentKind,
    Family,
    HealthSheet,
    Membership,
    Person,
    Quotient,
    QuotientSource,
    School,
    Schooling,
)
from guichet.models.requests import Message, Outbox, Request
from guichet.rules.errors import UserError
from guichet.services import decisions, proposals, transaction
from guichet.services.decisions import Accept, Handle, Refuse
from guichet.services.transaction import Context
from tests import builders
from tests.services import request_town as towns
from tests.services.request_town import NEXT_WEDNESDAY, WEDNESDAY, Town, slot_days

Decide = Callable[..., int]


@pytest.fixture
def town(database: Database) -> Town:
    return towns.build(database)


@pytest.fixture
def accepted(database: Database, context: Context, town: Town) -> Decide:
    """Submit a request of Léa's family and accept it whole; returns its id."""

    def act(kind: str, payload: dict[str, Any], **members: Any) -> int:
        values = {"family": town.family} | members
        with database.writing() as session:
            request_id = towns.submit(session, kind, payload, **values)
        transaction.run(database, context, proposals.propose, [request_id])
        transaction.run(database, context, decisions.accept, Accept(request_id))
        return request_id

    return act


def undo(database: Database, context: Context, request_id: int) -> None:
    transaction.run(database, context, decisions.undo, Handle(request_id))


def book_lea(database: Database, town: Town, day: date = WEDNESDAY) -> int:
    with database.writing() as session:
        enrolment = session.scalars(
            select(Enrolment).where(Enrolment.child_id == town.lea, Enrolment.family_id == town.family)
        ).one()
        slot = session.get_one(builders.Slot, town.journee)
        return builders.book(session, enrolment, slot, day).id


def booking(database: Database, booking_id: int) -> tuple[str, str, str | None]:
    with database.reading() as session:
        found = session.get_one(Booking, booking_id)
        return found.state.value, found.attendance.value, found.absence_reason


def invoice_it(database: Database, town: Town, booking_id: int) -> None:
    """Put the booking on an issued invoice."""
    with database.writing() as session:
        regie = builders.add_regie(session)
        charge = Charge(
            family_id=town.family,
            date=WEDNESDAY,
            label="Journée",
            unit_cents=900,
            amount_cents=900,
            eligible_cents=0,
            trace={},
        )
        session.add(charge)
        session.flush()
        session.add(ChargeBooking(charge_id=charge.id, booking_id=booking_id))
        invoice = Invoice(
            kind=InvoiceKind.INVOICE,
            regie_id=regie.id,
            series="AL",
            number=1,
            label="AL-1",
            family_id=town.family,
            debtor="Martin",
            period_start=WEDNESDAY,
            period_end=WEDNESDAY,
            issued_on=date(2026, 3, 1),
            due_on=date(2026, 4, 1),
            total_cents=900,
            line_count=1,
            printed={},
        )
        session.add(invoice)
        session.flush()
        session.add(
            InvoiceLine(
                invoice_id=invoice.id,
                charge_id=charge.id,
                position=1,
                date=WEDNESDAY,
                label="Journée",
                quantity=1,
                unit_cents=900,
                amount_cents=900,
                eligible_cents=0,
            )
        )


def test_a_cancellation_frees_the_place_at_once(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    mine = book_lea(database, town)
    with database.writing() as session:
        towns.fill(session, town, town.journee, WEDNESDAY, 1)
    request_id = accepted("cancellations", slot_days(WEDNESDAY), child=town.lea)
    assert booking(database, mine)[0] == "cancelled"
    accepted("bookings", slot_days(WEDNESDAY), child=town.tom)
    with pytest.raises(UserError, match="reprise"):
        undo(database, context, request_id)
    assert booking(database, mine)[0] == "cancelled"


def test_undoing_a_cancellation_gives_the_place_back(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    mine = book_lea(database, town)
    request_id = accepted("cancellations", slot_days(WEDNESDAY), child=town.lea)
    undo(database, context, request_id)
    assert booking(database, mine)[0] == "booked"


def test_undoing_a_cancellation_gives_no_double(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    book_lea(database, town)
    request_id = accepted("cancellations", slot_days(WEDNESDAY), child=town.lea)
    accepted("bookings", slot_days(WEDNESDAY, slot="MATIN"), child=town.lea, family=town.other_family)
    with pytest.raises(UserError, match="autre réservation"):
        undo(database, context, request_id)


def test_giving_up_a_turn_in_the_queue_closes_the_request_that_waited(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    with database.writing() as session:
        asked = towns.submit(
            session,
            "bookings",
            slot_days(WEDNESDAY, NEXT_WEDNESDAY),
            family=town.family,
            child=town.lea,
        )
    transaction.run(database, context, proposals.propose, [asked])
    transaction.run(database, context, decisions.wait, decisions.Wait(asked))
    first = accepted("cancellations", slot_days(WEDNESDAY), child=town.lea)
    assert towns.state_of(database, asked) == "waiting_list"
    with pytest.raises(UserError, match="redemander"):
        undo(database, context, first)
    accepted("cancellations", slot_days(NEXT_WEDNESDAY), child=town.lea)
    assert towns.state_of(database, asked) == "cancelled"
    assert [status for status, _ in towns.answers(database, asked)] == [
        "waiting_list",
        "waiting_list",
        "cancelled",
    ]
    assert towns.live_bookings(database) == []


def test_an_invoiced_date_is_not_cancelled_without_a_credit_note(
    database: Database, town: Town, accepted: Decide
) -> None:
    mine = book_lea(database, town)
    invoice_it(database, town, mine)
    with pytest.raises(UserError, match="avoir"):
        accepted("cancellations", slot_days(WEDNESDAY), child=town.lea)
    assert booking(database, mine)[0] == "booked"


def test_an_attended_date_is_not_cancelled(database: Database, town: Town, accepted: Decide) -> None:
    mine = book_lea(database, town)
    with database.writing() as session:
        session.get_one(Booking, mine).attendance = Attendance.PRESENT
    with pytest.raises(UserError, match="pointée"):
        accepted("cancellations", slot_days(WEDNESDAY), child=town.lea)


@pytest.mark.parametrize(
    ("payload", "documents", "attendance", "reason"),
    [
        ({"reason": "medical", "certificate": "c.pdf"}, ("c.pdf",), "absent_excused", "raison médicale"),
        ({"reason": "medical"}, (), "absent_billed", "raison médicale"),
        ({"reason": "medical", "certificate": "c.pdf"}, ("autre.pdf",), "absent_billed", "raison médicale"),
        ({"reason": "family"}, (), "absent_billed", "raison familiale"),
    ],
)
def test_an_absence_is_excused_with_its_certificate_else_billed(
    database: Database,
    context: Context,
    town: Town,
    accepted: Decide,
    payload: dict[str, Any],
    documents: tuple[str, ...],
    attendance: str,
    reason: str,
) -> None:
    mine = book_lea(database, town)
    request_id = accepted("absence", slot_days(WEDNESDAY) | payload, child=town.lea, documents=documents)
    assert booking(database, mine) == ("booked", attendance, reason)
    with database.reading() as session:
        answer = session.scalars(select(Outbox)).one().payload
    expected = "Absence excusée." if attendance == "absent_excused" else "Absence facturée normalement."
    assert answer["items"][0]["text"] == expected
    undo(database, context, request_id)
    assert booking(database, mine) == ("booked", "unknown", None)


def test_an_enrolment_makes_booking_possible(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    with database.writing() as session:
        session.execute(update(Enrolment).values(state=EnrolmentState.CANCELLED))
    with pytest.raises(UserError, match="inscrivez-le d’abord"):
        accepted("bookings", slot_days(WEDNESDAY), child=town.lea)
    payload = {"activity": "MERCREDI", "start": "2026-04-01", "end": "2026-07-03"}
    enrolment = accepted("enrolment", payload, child=town.lea, activity=town.activity)
    accepted("bookings", slot_days(WEDNESDAY), child=town.lea)
    with pytest.raises(UserError, match="annulez-les d’abord"):
        undo(database, context, enrolment)


def test_an_enrolment_is_undone_while_nothing_stands_on_it(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    with database.writing() as session:
        session.execute(update(Enrolment).values(state=EnrolmentState.CANCELLED))
    payload = {"activity": "MERCREDI", "start": "2026-04-01", "end": "2026-07-03"}
    request_id = accepted("enrolment", payload, child=town.lea, activity=town.activity)
    undo(database, context, request_id)
    with database.reading() as session:
        assert session.scalars(select(Enrolment).where(Enrolment.state == EnrolmentState.ACTIVE)).all() == []


def test_the_responsable_moves_and_the_family_with_them(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    with database.writing() as session:
        camille = session.scalars(select(Person).where(Person.first_name == "Camille")).one()
        camille.address, camille.postcode, camille.town = "12 rue des Lilas", "73200", "Valmont"
    request_id = accepted(
        "family_sheet",
        {
            "responsable": {
                "address_line1": "7 rue Pasteur",
                "address_line2": "Bâtiment B",
                "city": "Albertville",
                "last_name": "Martin-Durand",
                "phone_mobile": "+33611223344",
                "accepts_email": True,
                "profession": None,
            }
        },
    )
    with database.reading() as session:
        family = session.get_one(Family, town.family)
        assert (family.address, family.town) == ("7 rue Pasteur\nBâtiment B", "Albertville")
        assert "durand" in family.search_key
        camille = session.scalars(select(Person).where(Person.first_name == "Camille")).one()
        assert (camille.last_name, camille.mobile_phone) == ("Martin-Durand", "06 11 22 33 44")
        consent = session.scalars(select(Consent)).one()
        assert (consent.kind, consent.given, consent.request_id) == (ConsentKind.EMAIL, True, request_id)
    undo(database, context, request_id)
    with database.reading() as session:
        family = session.get_one(Family, town.family)
        assert (family.address, family.town) == ("12 rue des Lilas", "Valmont")
        assert "durand" not in family.search_key
        given = session.scalars(select(Consent.given).order_by(Consent.id)).all()
        assert list(given) == [True, False]


def test_a_sheet_changed_again_meanwhile_is_not_overwritten_by_an_undo(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    request_id = accepted("family_sheet", {"responsable": {"employer": "Mairie"}})
    with database.writing() as session:
        session.execute(
            update(Person).where(Person.first_name == "Camille").values(employer="Autre", version=99)
        )
    with pytest.raises(UserError, match="encore changé"):
        undo(database, context, request_id)


def test_a_name_is_never_emptied(database: Database, town: Town, accepted: Decide) -> None:
    with pytest.raises(UserError, match="toujours nécessaires"):
        accepted("family_sheet", {"responsable": {"last_name": None}})


def test_income_makes_a_quotient_that_ends_the_one_before(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    with database.writing() as session:
        session.add(
            Quotient(
                family_id=town.family,
                source=QuotientSource.DECLARED,
                value=900,
                valid_from=date(2025, 9, 1),
            )
        )
    request_id = accepted(
        "family_sheet",
        {"fiscal": {"income_cents": 1_299_996, "parts": "2", "tax_year": 2025, "dependants": 0}},
    )
    with database.reading() as session:
        before, after = session.scalars(select(Quotient).order_by(Quotient.valid_from)).all()
        assert (before.value, before.valid_until) == (900, date(2026, 3, 17))
        # seed 003: 1 083,33 € a month and 2 parts make 542
        assert (after.value, after.valid_from, after.source) == (
            542,
            date(2026, 3, 18),
            QuotientSource.TAX_NOTICE,
        )
        assert session.get_one(Family, town.family).dependants == 0
    undo(database, context, request_id)
    with database.reading() as session:
        quotient = session.scalars(select(Quotient)).one()
        assert (quotient.value, quotient.valid_until) == (900, date(9999, 12, 31))


def test_the_caf_s_own_quotient_holds_from_its_date(database: Database, town: Town, accepted: Decide) -> None:
    accepted(
        "family_sheet",
        {"caf": {"quotient": 0, "quotient_date": "2026-01-01", "caf_number": "1234567", "regime": "msa"}},
    )
    with database.reading() as session:
        quotient = session.scalars(select(Quotient)).one()
        assert (quotient.value, quotient.valid_from, quotient.source) == (
            0,
            date(2026, 1, 1),
            QuotientSource.CAF,
        )
        family = session.get_one(Family, town.family)
        assert (family.caf_number, family.regime) == ("1234567", "msa")


def test_bank_details_are_checked_and_kept(database: Database, town: Town, accepted: Decide) -> None:
    with pytest.raises(UserError, match="IBAN"):
        accepted("family_sheet", {"bank": {"iban": "FR7630006000011234567890188"}})
    accepted(
        "family_sheet",
        {
            "bank": {
                "iban": "FR76 3000 6000 0112 3456 7890 189",
                "bic": "agrifrpp",
                "bank_name": "Crédit",
                "direct_debit": True,
            }
        },
    )
    with database.reading() as session:
        family = session.get_one(Family, town.family)
        assert (family.iban, family.bic) == ("FR7630006000011234567890189", "AGRIFRPP")
        assert (family.bank_name, family.direct_debit_asked) == ("Crédit", True)


def test_a_child_s_sheet_identity_school_health_and_photo(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    with database.writing() as session:
        session.add(School(name="École Pasteur"))
    request_id = accepted(
        "child_sheet",
        {
            "identity": {
                "first_name": "Léa-Rose",
                "school": "ecole pasteur",
                "school_class": "CE1",
                "sex": "F",
            },
            "health": {
                "glasses": True,
                "diet": ["sans_porc", "sans_gluten"],
                "vaccinations_until": "2027-01-01",
            },
            "photo_consent": {"given": True},
        },
        child=town.lea,
    )
    with database.reading() as session:
        lea = session.get_one(Person, town.lea)
        assert (lea.first_name, lea.sex) == ("Léa-Rose", "female")
        assert "rose" in session.get_one(Family, town.other_family).search_key
        schooling = session.scalars(select(Schooling)).one()
        assert (schooling.class_name, schooling.starts_on) == ("CE1", date(2025, 7, 5))
        assert schooling.school_id is not None
        health = session.scalars(select(HealthSheet)).one()
        assert (health.glasses, health.diet) == (True, "sans_porc, sans_gluten")
        assert health.vaccinations_until == date(2027, 1, 1)
        consent = session.scalars(select(Consent)).one()
        assert (consent.kind, consent.person_id) == (ConsentKind.PHOTO, town.lea)
    undo(database, context, request_id)
    with database.reading() as session:
        assert session.get_one(Person, town.lea).first_name == "Léa"
        assert session.scalars(select(HealthSheet)).one().diet is None


def test_authorised_persons_come_and_go(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    add = {"last_name": "Petit", "first_name": "Ana", "relation": "voisine", "phone": "0611223344"}
    accepted("child_sheet", {"authorised_persons": {"add": [add]}}, child=town.lea)
    with database.reading() as session:
        person = session.scalars(select(AuthorisedPerson)).one()
        assert (person.name, person.phone, person.until) == ("Ana Petit", "06 11 22 33 44", None)
    remove = {"remove": [{"last_name": "PETIT", "first_name": "Ana"}]}
    accepted("child_sheet", {"authorised_persons": remove}, child=town.lea)
    with database.reading() as session:
        assert session.scalars(select(AuthorisedPerson)).one().until == date(2026, 3, 17)
    unknown = {"remove": [{"last_name": "Personne", "first_name": "Jean"}]}
    with pytest.raises(UserError, match="n’est pas parmi"):
        accepted("child_sheet", {"authorised_persons": unknown}, child=town.lea)


def test_a_new_child_joins_the_family_and_leaves_it_when_undone(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    child = {"last_name": "Martin", "first_name": "Zoé", "birth_date": "2023-02-01"}
    request_id = accepted("child_sheet", {"new_child": child})
    with database.reading() as session:
        zoe = session.scalars(select(Person).where(Person.first_name == "Zoé")).one()
        assert (zoe.birth_date, zoe.number) == (date(2023, 2, 1), f"E{zoe.id}")
        membership = session.scalars(select(Membership).where(Membership.person_id == zoe.id)).one()
        assert (membership.family_id, membership.role) == (town.family, "child")
    undo(database, context, request_id)
    with database.reading() as session:
        assert session.scalars(select(Person).where(Person.first_name == "Zoé")).all() == []


NEW_FAMILY = {
    "adults": [
        {
            "last_name": "Nouveau",
            "first_name": "Paul",
            "email": "Paul@Exemple.FR",
            "address_line1": "1 rue Neuve",
            "postal_code": "73200",
            "city": "Albertville",
            "phone_mobile": "0611223344",
            "accepts_sms": False,
        },
        {"last_name": "Nouveau", "first_name": "Rita"},
    ],
    "children": [{"last_name": "Nouveau", "first_name": "Max", "birth_date": "2020-01-01", "sex": "M"}],
    "caf": {"quotient": 700, "caf_number": "7654321"},
}


def test_a_new_family_is_created_whole_and_its_request_belongs_to_it(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    request_id = accepted("new_family", NEW_FAMILY, family=None)
    with database.reading() as session:
        family = session.scalars(select(Family).where(Family.label == "Nouveau")).one()
        assert (family.number, family.portal_login) == ("1003", "Paul@exemple.fr")
        assert (family.address, family.town, family.caf_number) == ("1 rue Neuve", "Albertville", "7654321")
        assert "0611223344" in family.search_key
        assert session.get_one(Person, family.payer_id).first_name == "Paul"
        roles = session.execute(
            select(Membership.role, Membership.holder)
            .where(Membership.family_id == family.id)
            .order_by(Membership.position)
        ).all()
        assert [tuple(row) for row in roles] == [("adult", True), ("adult", False), ("child", False)]
        assert session.scalars(select(Quotient)).one().value == 700
        assert session.get_one(Request, request_id).family_id == family.id
        answer = session.scalars(select(Outbox)).one().payload
        assert "1003" in answer["text"]
    undo(database, context, request_id)
    with database.reading() as session:
        assert session.scalars(select(Family).where(Family.label == "Nouveau")).all() == []
        assert session.scalars(select(Person).where(Person.last_name == "Nouveau")).all() == []


def test_a_new_family_that_already_serves_is_not_undone(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    request_id = accepted("new_family", NEW_FAMILY, family=None)
    with database.writing() as session:
        family_id = session.get_one(Request, request_id).family_id
        session.add(
            Message(
                family_id=family_id,
                from_family=False,
                subject="Bienvenue",
                body="…",
                sent_at=context.now,
            )
        )
    with pytest.raises(UserError, match="sert déjà ailleurs"):
        undo(database, context, request_id)
    with database.reading() as session:
        assert session.get_one(Request, request_id).family_id == family_id


def test_a_document_is_filed_valid_for_as_long_as_its_type_says(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    with database.writing() as session:
        kind = DocumentType(
            code="ASSURANCE",
            label="Assurance scolaire",
            scope=DocumentScope.CHILD,
            validity=ValidityRule.SCHOOL_YEAR,
        )
        session.add(kind)
        session.flush()
        type_id = kind.id
        request_id = towns.submit(
            session,
            "document",
            {"document_type": "ASSURANCE"},
            family=town.family,
            child=town.lea,
            documents=("assurance.pdf",),
        )
        session.execute(update(Document).values(type_id=type_id))
    transaction.run(database, context, decisions.accept, Accept(request_id))
    with database.reading() as session:
        document = session.scalars(select(Document)).one()
        assert (document.state, document.valid_until) == (DocumentState.VALID, date(2026, 7, 3))
        answer = session.scalars(select(Outbox)).one().payload
        assert answer["items"][0]["document_type"] == "ASSURANCE"
    undo(database, context, request_id)
    transaction.run(database, context, decisions.refuse, Refuse(request_id, "piece_invalide", "Illisible."))
    with database.reading() as session:
        document = session.scalars(select(Document)).one()
        assert (document.state, document.reason) == (DocumentState.INVALID, "Illisible.")
        assert document.valid_until is None


def test_an_accepted_message_goes_to_the_family_s_box(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    hostile = '=HYPERLINK("http://x") <script>alert(1)</script> \u202e'
    request_id = accepted("message", {"subject": hostile, "body": hostile})
    with database.reading() as session:
        message = session.scalars(select(Message)).one()
        assert (message.subject, message.body, message.from_family) == (hostile, hostile, True)
        assert message.sent_at == towns.IN_TIME
    undo(database, context, request_id)
    assert towns.count_of(database, Message) == 0


def test_a_withdrawal_decided_by_an_agent_cannot_be_taken_back(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    with database.writing() as session:
        target = towns.submit(session, "bookings", slot_days(WEDNESDAY), family=town.family, child=town.lea)
    request_id = accepted("withdrawal", {}, refers_to=target)
    assert towns.state_of(database, target) == "cancelled"
    with pytest.raises(UserError):
        undo(database, context, request_id)


def test_a_date_beyond_the_enrolment_is_not_booked(
    database: Database, context: Context, town: Town, accepted: Decide
) -> None:
    with database.writing() as session:
        session.execute(update(Enrolment).values(ends_on=WEDNESDAY + timedelta(days=1)))
    with pytest.raises(UserError, match="22/04/2026"):
        accepted("bookings", slot_days(WEDNESDAY, NEXT_WEDNESDAY), child=town.lea)
    with database.reading() as session:
        assert session.scalars(select(Booking).where(Booking.state == BookingState.BOOKED)).all() == []


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("family_sheet", {"responsable": {"profession": "x" * 250}}),
        ("family_sheet", {"caf": {"caf_number": "x" * 250}}),
        ("family_sheet", {"bank": {"holder": "x" * 250}}),
        ("child_sheet", {"identity": {"birth_place": "x" * 250}}),
        (
            "child_sheet",
            {"authorised_persons": {"add": [{"last_name": "x" * 200, "first_name": "y" * 200}]}},
        ),
        (
            "child_sheet",
            {
                "new_child": {
                    "last_name": "N",
                    "first_name": "M",
                    "birth_date": "2020-01-01",
                    "birth_place": "x" * 250,
                }
            },
        ),
        ("new_family", {"adults": [{"last_name": "N", "first_name": "P", "employer": "x" * 250}]}),
        ("new_family", {"adults": [{"last_name": "N", "first_name": "P", "email": "pas une adresse"}]}),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence_on_both_engines(
    database: Database, town: Town, accepted: Decide, kind: str, payload: dict[str, Any]
) -> None:
    members = {"family": None} if kind == "new_family" else {"child": town.lea}
    with pytest.raises(UserError) as caught:
        accepted(kind, payload, **(members if kind != "family_sheet" else {}))
    assert caught.value.code == "piece_invalide"
    assert towns.count_of(database, Outbox) == 0
