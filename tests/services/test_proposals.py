"""Proposals from the facts in the base: what an import would be told of each request."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from guichet.models.bookings import Booking, BookingState
from guichet.models.database import Database
from guichet.models.dossiers import Dossier, DossierState
from guichet.models.money import Tariff, TariffMethod
from guichet.models.offer import Activity, Opening
from guichet.models.people import Family, Person
from guichet.models.requests import Request, RequestItem
from guichet.models.settings import Closure, Holiday, HolidayKind
from guichet.services import proposals, transaction
from guichet.services.transaction import Context
from tests import builders
from tests.services import request_town as towns
from tests.services.request_town import IN_TIME, NEXT_WEDNESDAY, TOO_LATE, WEDNESDAY, Town, slot_days


@pytest.fixture
def town(database: Database) -> Town:
    return towns.build(database)


def proposed(
    database: Database, context: Context, kind: str, payload: dict[str, Any], **members: Any
) -> list[tuple[str, str | None]]:
    """What is proposed for each item of a request."""
    with database.writing() as session:
        request_id = towns.submit(session, kind, payload, **members)
    transaction.run(database, context, proposals.propose, [request_id])
    with database.reading() as session:
        return towns.verdicts(session, request_id)


def test_a_booking_that_fits_is_proposed_for_acceptance_with_the_places_left(
    database: Database, context: Context, town: Town
) -> None:
    found = proposed(
        database,
        context,
        "bookings",
        slot_days(WEDNESDAY, NEXT_WEDNESDAY),
        family=town.family,
        child=town.lea,
    )
    assert found == [("accept", None), ("accept", None)]
    with database.reading() as session:
        request = session.scalars(select(Request)).one()
        assert (request.proposal, request.anomaly) == ("accept", None)
        reasons = [item.reasons for item in towns.items_of(session, request.id)]
        assert reasons[0][0]["text"] == "2 places restantes (Places : capacité 2, 0 réservé)."


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("late", ("refuse", "hors_delai")),
        ("full", ("wait", None)),
        ("full_without_list", ("refuse", "complet")),
        ("closed", ("refuse", "ferme")),
        ("not_open", ("refuse", "ferme")),
        ("too_old", ("refuse", "age")),
        ("no_dossier", ("refuse", "dossier_incomplet")),
        ("dossier_filed", ("examine", None)),
        ("double_elsewhere", ("refuse", "doublon")),
        ("exclusive_slot", ("refuse", "doublon")),
        ("not_enrolled", ("examine", None)),
        ("other_commune", ("refuse", "hors_commune")),
        ("negative_account", ("refuse", "solde_insuffisant")),
        ("paid_at_once_without_payment", ("examine", None)),
    ],
)
def test_each_rule_reads_its_facts(
    database: Database, context: Context, town: Town, change: str, expected: tuple[str, str | None]
) -> None:
    at = TOO_LATE if change == "late" else IN_TIME
    with database.writing() as session:
        activity = session.get_one(Activity, town.activity)
        match change:
            case "full" | "full_without_list":
                towns.fill(session, town, town.matin, WEDNESDAY, 2)
                activity.waiting_list = change == "full"
            case "closed":
                session.add(Closure(starts_on=WEDNESDAY, ends_on=WEDNESDAY, reason="Travaux"))
            case "not_open":
                session.execute(Opening.__table__.delete().where(Opening.date == WEDNESDAY))
            case "too_old":
                builders.add_group(session, activity, "3-5", 3, 5)
            case "no_dossier" | "dossier_filed":
                state = DossierState.FILED if change == "dossier_filed" else DossierState.EXPECTED
                session.execute(update(Dossier).values(state=state))
            case "double_elsewhere":
                enrolment = builders.enrol(
                    session,
                    towns.person(session, town.lea),
                    builders.add_family(session, "1003", children=[towns.person(session, town.lea)]),
                    activity,
                )
                slot = builders.slot_of(session, activity, "JOURNEE")
                builders.book(session, enrolment, slot, WEDNESDAY)
            case "exclusive_slot":
                proposals_needed = towns.submit(
                    session,
                    "bookings",
                    slot_days(WEDNESDAY, slot="MATIN"),
                    family=town.family,
                    child=town.lea,
                )
                assert proposals_needed
                enrolment = session.scalars(
                    select(builders.Enrolment).where(
                        builders.Enrolment.child_id == town.lea, builders.Enrolment.family_id == town.family
                    )
                ).one()
                builders.book(session, enrolment, builders.slot_of(session, activity, "MATIN"), WEDNESDAY)
            case "not_enrolled":
                session.execute(update(builders.Enrolment).values(ends_on=date(2025, 12, 31)))
            case "other_commune":
                activity.residents_only = True
                session.execute(update(Family).values(resident=False))
            case "negative_account":
                activity.prepaid = True
                towns.owe(session, town, 500)
            case "paid_at_once_without_payment":
                activity.paid_at_once = True
    found = proposed(
        database, context, "bookings", slot_days(WEDNESDAY), family=town.family, child=town.lea, at=at
    )
    assert found == [expected]


def test_what_was_paid_and_is_late_is_an_anomaly_for_an_agent(
    database: Database, context: Context, town: Town
) -> None:
    found = proposed(
        database,
        context,
        "bookings",
        slot_days(WEDNESDAY),
        family=town.family,
        child=town.lea,
        at=TOO_LATE,
        payment={"reference": "T-1", "amount_cents": 1200},
    )
    assert found == [("examine", None)]
    with database.reading() as session:
        request = session.scalars(select(Request)).one()
        assert request.proposal == "examine"
        assert "Déjà payée sur le portail" in (request.anomaly or "")


def test_the_same_date_twice_in_one_request_is_a_double_of_itself(
    database: Database, context: Context, town: Town
) -> None:
    payload = {"items": slot_days(WEDNESDAY)["items"] * 2 + slot_days(WEDNESDAY, slot="MATIN")["items"]}
    found = proposed(database, context, "bookings", payload, family=town.family, child=town.lea)
    assert found == [("accept", None), ("refuse", "doublon"), ("refuse", "doublon")]


def test_a_wednesday_inside_school_holidays_follows_the_holiday_activity(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        holiday = builders.add_activity(session, "VACANCES", slots=("JOURNEE",))
        session.get_one(Activity, town.activity).holiday_activity_id = holiday.id
        session.add(
            Holiday(
                kind=HolidayKind.SMALL,
                name="Printemps",
                starts_on=WEDNESDAY - timedelta(days=4),
                ends_on=WEDNESDAY + timedelta(days=4),
            )
        )
    late = {"family": town.family, "child": town.lea, "at": TOO_LATE}
    assert proposed(database, context, "bookings", slot_days(WEDNESDAY), **late) == [("accept", None)]


def test_cancelling_and_absence_look_for_the_family_s_own_booking(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        enrolment = session.scalars(
            select(builders.Enrolment).where(
                builders.Enrolment.child_id == town.lea, builders.Enrolment.family_id == town.other_family
            )
        ).one()
        activity = session.get_one(Activity, town.activity)
        builders.book(session, enrolment, builders.slot_of(session, activity, "JOURNEE"), WEDNESDAY)
    payload = slot_days(WEDNESDAY)
    mine = {"family": town.family, "child": town.lea}
    theirs = {"family": town.other_family, "child": town.lea}
    assert proposed(database, context, "cancellations", payload, **mine) == [("refuse", "autre")]
    assert proposed(database, context, "cancellations", payload, **theirs) == [("accept", None)]
    late = proposed(database, context, "cancellations", payload, **theirs, at=TOO_LATE)
    assert late == [("refuse", "hors_delai")]
    absence = payload | {"reason": "medical"}
    assert proposed(database, context, "absence", absence, **theirs) == [("examine", None)]
    certified = absence | {"certificate": "certificat.pdf"}
    assert proposed(
        database, context, "absence", certified, **theirs, documents=("certificat.pdf",), at=TOO_LATE
    ) == [("accept", None)]


def test_sheet_fields_follow_their_policy_and_keep_the_value_before(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        session.get_one(Family, town.family).portal_login = "camille@exemple.fr"
    found = proposed(
        database,
        context,
        "family_sheet",
        {
            "responsable": {
                "phone_mobile": "0611223344",
                "phone_home": "12",
                "city": "Albertville",
                "email": "autre@exemple.fr",
            },
            "bank": {"iban": "FR7630006000011234567890188"},
        },
        family=town.family,
    )
    assert found == [
        ("accept", None),
        ("refuse", "piece_invalide"),
        ("examine", None),
        ("refuse", "autre"),
        ("refuse", "piece_invalide"),
    ]
    with database.reading() as session:
        items = session.scalars(select(RequestItem).order_by(RequestItem.position)).all()
        assert items[3].old_value == "camille@exemple.fr"
        assert items[3].new_value == "autre@exemple.fr"


def test_a_new_child_that_looks_like_one_already_known_says_so(
    database: Database, context: Context, town: Town
) -> None:
    twin = {"last_name": "MARTIN", "first_name": "Lea", "birth_date": "2018-05-12"}
    assert proposed(database, context, "child_sheet", {"new_child": twin}, family=town.family) == [
        ("examine", None)
    ]
    with database.reading() as session:
        reasons = session.scalars(select(RequestItem)).one().reasons
    assert any("Léa Martin" in reason["text"] and "1001" in reason["text"] for reason in reasons)


def test_an_enrolment_is_proposed_by_its_dossier_and_its_dates(
    database: Database, context: Context, town: Town
) -> None:
    payload = {"activity": "MERCREDI", "start": "2026-04-01", "end": "2026-07-03"}
    asked = {"family": town.family, "child": town.lea, "activity": town.activity}
    assert proposed(database, context, "enrolment", payload, **asked) == [("refuse", "doublon")]
    with database.writing() as session:
        session.execute(update(builders.Enrolment).values(ends_on=date(2026, 3, 31)))
    assert proposed(database, context, "enrolment", payload, **asked) == [("accept", None)]
    with database.writing() as session:
        session.execute(update(Dossier).values(state=DossierState.REFUSED))
    assert proposed(database, context, "enrolment", payload, **asked) == [("refuse", "dossier_incomplet")]


def test_an_attestation_is_for_children_under_six(database: Database, context: Context, town: Town) -> None:
    asked = {"family": town.family, "child": town.tom}
    assert proposed(database, context, "attestation", {"year": 2025}, **asked) == [("accept", None)]
    assert proposed(database, context, "attestation", {"year": 2027}, **asked) == [("refuse", "age")]


def test_a_thousand_requests_need_no_more_queries_than_ten(
    database: Database, context: Context, town: Town
) -> None:
    def queries(count: int) -> int:
        with database.writing() as session:
            ids = [
                towns.submit(session, "bookings", slot_days(WEDNESDAY), family=town.family, child=town.lea)
                for _ in range(count)
            ]
        seen: list[str] = []

        def note(*arguments: Any) -> None:
            seen.append(arguments[2])

        event.listen(database.engine, "before_cursor_execute", note)
        try:
            with database.writing() as session:
                proposals.propose(session, context, ids)
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
        return len(seen)

    few = queries(10)
    assert queries(1000) <= few + 3  # a thousand new rows may travel in more than one statement


def test_proposing_takes_no_place(database: Database, context: Context, town: Town) -> None:
    for child in (town.lea, town.tom):
        proposed(database, context, "bookings", slot_days(WEDNESDAY), family=town.family, child=child)
    with database.reading() as session:
        assert session.scalars(select(Booking).where(Booking.state == BookingState.BOOKED)).all() == []
        assert {item.verdict for item in session.scalars(select(RequestItem))} == {"accept"}


def test_a_child_without_a_birth_date_goes_to_an_agent(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        builders.add_group(session, session.get_one(Activity, town.activity), "3-11", 3, 11)
        session.execute(update(Person).where(Person.id == town.lea).values(birth_date=None))
    found = proposed(database, context, "bookings", slot_days(WEDNESDAY), family=town.family, child=town.lea)
    assert found == [("examine", None)]


def test_an_hour_given_for_a_slot_that_has_none_does_not_hide_a_double(
    database: Database, context: Context, town: Town
) -> None:
    payload = slot_days(WEDNESDAY, WEDNESDAY)
    payload["items"][1]["start"] = "08:00"
    found = proposed(database, context, "bookings", payload, family=town.family, child=town.lea)
    assert found == [("accept", None), ("refuse", "doublon")]


def test_another_activity_at_the_same_hours_is_said_and_bars_nothing(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        other = builders.add_activity(session, "DANSE", slots=("COURS",))
        child, family = towns.person(session, town.lea), towns.family_row(session, town.family)
        enrolment = builders.enrol(session, child, family, other)
        builders.book(session, enrolment, builders.slot_of(session, other, "COURS"), WEDNESDAY)
    found = proposed(database, context, "bookings", slot_days(WEDNESDAY), family=town.family, child=town.lea)
    assert found == [("accept", None)]
    with database.reading() as session:
        reasons = session.scalars(select(RequestItem)).one().reasons
        assert any("Activité DANSE" in reason["text"] for reason in reasons)


def test_an_activity_that_is_over_takes_no_enrolment(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        session.execute(update(builders.Enrolment).values(ends_on=date(2026, 3, 31)))
        session.get_one(Activity, town.activity).archived = True
    payload = {"activity": "MERCREDI", "start": "2026-04-01", "end": "2026-07-03"}
    asked = {"family": town.family, "child": town.lea, "activity": town.activity}
    assert proposed(database, context, "enrolment", payload, **asked) == [("refuse", "ferme")]


@pytest.mark.parametrize("day", [date(1900, 1, 1), date(2100, 12, 31), date(2026, 2, 28)])
def test_dates_far_away_are_closed_or_late_and_nothing_breaks(
    database: Database, context: Context, town: Town, day: date
) -> None:
    found = proposed(database, context, "bookings", slot_days(day), family=town.family, child=town.lea)
    assert found == [("refuse", "ferme")]


def test_two_thousand_dates_of_one_request_are_all_proposed(
    database: Database, context: Context, town: Town
) -> None:
    days = [WEDNESDAY + timedelta(days=offset) for offset in range(2000)]
    found = proposed(database, context, "bookings", slot_days(*days), family=town.family, child=town.lea)
    assert len(found) == 2000
    assert found[0] == ("accept", None)
    assert found[1] == ("refuse", "ferme")


def test_hostile_text_in_every_field_is_only_text(database: Database, context: Context, town: Town) -> None:
    hostile = "=cmd|' /C calc'!A0 <b>x</b> '; DROP TABLE person; -- \u202e 👩‍👧"
    sheet = {"responsable": {"last_name": hostile, "phone_mobile": hostile, "email": hostile}}
    found = proposed(database, context, "family_sheet", sheet, family=town.family)
    assert found == [("examine", None), ("refuse", "piece_invalide"), ("refuse", "piece_invalide")]
    child = {"new_child": {"last_name": hostile, "first_name": hostile, "birth_date": "2020-01-01"}}
    assert proposed(database, context, "child_sheet", child, family=town.family) == [("examine", None)]
    with database.reading() as session:
        values = session.scalars(select(RequestItem.new_value).order_by(RequestItem.id)).all()
        assert values[0] == hostile
        assert values[-1]["last_name"] == hostile


def test_a_prepaid_account_must_cover_every_date_of_the_request(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        session.get_one(Activity, town.activity).prepaid = True
        session.add(
            Tariff(
                code="JOURNEE",
                name="Journée",
                activity_id=town.activity,
                method=TariffMethod.SINGLE,
                amount_cents=900,
                valid_from=date(2025, 9, 1),
            )
        )
        towns.owe(session, town, -1_000)
    dates = slot_days(WEDNESDAY, NEXT_WEDNESDAY)
    found = proposed(database, context, "bookings", dates, family=town.family, child=town.lea)
    assert found == [("accept", None), ("refuse", "solde_insuffisant")]


def test_a_prepaid_date_without_a_price_goes_to_an_agent(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        session.get_one(Activity, town.activity).prepaid = True
    found = proposed(database, context, "bookings", slot_days(WEDNESDAY), family=town.family, child=town.lea)
    assert found == [("examine", None)]


def test_a_child_that_fits_no_group_is_refused_for_its_age_where_days_open_by_group(
    database: Database, context: Context, town: Town
) -> None:
    with database.writing() as session:
        little = builders.add_group(session, session.get_one(Activity, town.activity), "3-5", 3, 5)
        session.execute(update(Opening).values(group_id=little.id))
    found = proposed(database, context, "bookings", slot_days(WEDNESDAY), family=town.family, child=town.lea)
    assert found == [("refuse", "age")]
    found = proposed(database, context, "bookings", slot_days(WEDNESDAY), family=town.family, child=town.tom)
    assert found == [("accept", None)]
