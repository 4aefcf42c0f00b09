"""What is proposed for an item, with every reason, and which reason decides."""

from dataclasses import replace
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.ages import AgeGroup, GroupChoice, GroupProblem
from guichet.rules.calendar import Calendar
from guichet.rules.capacity import UNLIMITED, PlacesLeft, PoolCount, places_left
from guichet.rules.deadlines import NO_LIMIT, DeadlineRule, Limit, RuleKind, limit
from guichet.rules.dossier import DossierState
from guichet.rules.proposals import (
    REFUSAL_ORDER,
    AbsenceFacts,
    AccountFacts,
    BookingFacts,
    CancellationFacts,
    DoubleFact,
    Engagement,
    EnrolmentFacts,
    FieldFacts,
    FieldPolicy,
    Proposal,
    Verdict,
    propose_absence,
    propose_booking,
    propose_cancellation,
    propose_enrolment,
    propose_field,
)
from guichet.rules.requests import RefusalCode
from guichet.rules.text import PARIS

WEDNESDAY = date(2026, 3, 25)
BOOK = limit(DeadlineRule(RuleKind.WEEK_BEFORE, weekday=3, at=time(13)), WEDNESDAY, Calendar())
CANCEL = limit(DeadlineRule(RuleKind.WEEK_BEFORE, weekday=0, at=time(13)), WEDNESDAY, Calendar())
FULL = places_left([PoolCount(1, 20, booked=20)])
EARLY = datetime(2026, 3, 16, 9, 0, tzinfo=PARIS)
TUESDAY = datetime(2026, 3, 17, 9, 0, tzinfo=PARIS)
TOO_LATE = datetime(2026, 3, 19, 13, 0, 1, tzinfo=PARIS)
FITS = BookingFacts(
    submitted_at=EARLY,
    day=WEDNESDAY,
    limit=BOOK,
    cancel_limit=CANCEL,
    group=GroupChoice(AgeGroup(1, "3-5 ans", 3, 5), None, 4),
    places=places_left([PoolCount(1, 20, booked=12)]),
    dossier=DossierState.VALID,
)


def codes(proposal: Proposal) -> set[str]:
    return {reason.code for reason in proposal.reasons}


def test_what_passes_every_rule_is_accepted_with_the_places_left() -> None:
    found = propose_booking(FITS)
    assert (found.verdict, found.code, found.anomaly) == (Verdict.ACCEPT, None, False)
    assert found.sentence == "8 places restantes (capacité 20, 12 réservés)."


def test_a_booking_that_can_no_longer_be_cancelled_says_so_at_once() -> None:
    found = propose_booking(replace(FITS, submitted_at=TUESDAY))
    assert found.verdict is Verdict.ACCEPT
    assert "Cette réservation ne pourra plus être annulée." in found.sentence


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({"submitted_at": TOO_LATE}, RefusalCode.HORS_DELAI, "late"),
        ({"limit": Limit(never=True)}, RefusalCode.HORS_DELAI, "never"),
        ({"limit": NO_LIMIT, "day": date(2026, 3, 1)}, RefusalCode.HORS_DELAI, "past"),
        ({"closed": "Fermé : pont de l’Ascension."}, RefusalCode.FERME, "closed"),
        ({"group": GroupChoice(None, GroupProblem.TOO_YOUNG_OR_OLD, 12)}, RefusalCode.AGE, "age"),
        ({"group": GroupChoice(None, GroupProblem.CLASS_NOT_TAKEN, 12)}, RefusalCode.AGE, "class"),
        ({"residents_only": True, "resident": False}, RefusalCode.HORS_COMMUNE, "not_resident"),
        ({"dossier": DossierState.INCOMPLETE}, RefusalCode.DOSSIER_INCOMPLET, "dossier"),
        ({"dossier": DossierState.MISSING}, RefusalCode.DOSSIER_INCOMPLET, "dossier"),
        ({"dossier": DossierState.EXPIRED}, RefusalCode.DOSSIER_INCOMPLET, "dossier"),
        ({"account": AccountFacts(overdue=12060, overdue_blocks=True)}, RefusalCode.IMPAYE, "overdue"),
        (
            {"account": AccountFacts(prepaid_balance=400), "cost": 415},
            RefusalCode.SOLDE_INSUFFISANT,
            "prepaid",
        ),
        ({"account": AccountFacts(prepaid_balance=-1)}, RefusalCode.SOLDE_INSUFFISANT, "prepaid"),
        ({"doubles": [DoubleFact(True, True, "Matin")]}, RefusalCode.DOUBLON, "double"),
        ({"places": FULL, "waiting_list": False}, RefusalCode.COMPLET, "full"),
    ],
)
def test_each_sure_ground_of_refusal(change: dict[str, object], code: RefusalCode, reason: str) -> None:
    found = propose_booking(replace(FITS, **change))  # type: ignore[arg-type]
    assert (found.verdict, found.code) == (Verdict.REFUSE, code)
    assert reason in codes(found)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"enrolled": False}, "not_enrolled"),
        ({"dossier": DossierState.FILED}, "dossier_to_decide"),
        ({"group": GroupChoice(None, GroupProblem.CLASS_UNKNOWN)}, "class_unknown"),
        ({"group": GroupChoice(None, GroupProblem.BIRTH_DATE_UNKNOWN)}, "birth_date_unknown"),
        ({"limit": Limit(undefined=True)}, "window_undefined"),
        ({"payment_expected": True}, "payment_missing"),
        ({"residents_only": True, "resident": None}, "residence_unknown"),
    ],
)
def test_what_the_rules_cannot_know_goes_to_an_agent(change: dict[str, object], reason: str) -> None:
    found = propose_booking(replace(FITS, **change))  # type: ignore[arg-type]
    assert found.verdict is Verdict.EXAMINE
    assert not found.anomaly
    assert reason in codes(found)


def test_a_full_date_goes_to_the_waiting_list_where_there_is_one() -> None:
    found = propose_booking(replace(FITS, places=FULL))
    assert (found.verdict, found.code) == (Verdict.WAIT, None)
    assert found.sentence == "Plus de place (capacité 20, 20 réservés)."


def test_late_and_full_is_late_and_both_reasons_are_kept() -> None:
    found = propose_booking(replace(FITS, places=FULL, submitted_at=TOO_LATE))
    assert (found.verdict, found.code) == (Verdict.REFUSE, RefusalCode.HORS_DELAI)
    assert codes(found) == {"late", "full"}
    assert "jusqu’au jeudi 19/03/2026 à 13:00" in found.sentence
    assert "déposée le 19/03/2026 à 13:00" in found.sentence


def test_overdue_invoices_only_inform_where_the_town_does_not_block() -> None:
    found = propose_booking(replace(FITS, account=AccountFacts(overdue=12060)))
    assert found.verdict is Verdict.ACCEPT
    assert "120,60\u00a0€" in found.sentence


def test_a_prepaid_account_may_be_emptied_not_overdrawn() -> None:
    exact = replace(FITS, account=AccountFacts(prepaid_balance=415), cost=415)
    assert propose_booking(exact).verdict is Verdict.ACCEPT
    assert propose_booking(replace(exact, cost=416)).code is RefusalCode.SOLDE_INSUFFISANT


def test_the_other_parent_s_booking_is_named_without_the_other_family() -> None:
    found = propose_booking(replace(FITS, doubles=[DoubleFact(True, False, "Journée")]))
    assert found.code is RefusalCode.DOUBLON
    assert "un créneau incompatible (Journée) est déjà réservé par l’autre famille" in found.sentence


@pytest.mark.parametrize("engagement", list(Engagement))
@pytest.mark.parametrize(
    "change", [{"places": FULL}, {"submitted_at": TOO_LATE}, {"closed": "Fermé."}, {"enrolled": False}]
)
def test_what_was_paid_or_confirmed_and_fails_is_an_anomaly_never_a_refusal(
    engagement: Engagement, change: dict[str, object]
) -> None:
    found = propose_booking(replace(FITS, engagement=engagement, **change))  # type: ignore[arg-type]
    assert (found.verdict, found.anomaly, found.code) == (Verdict.EXAMINE, True, None)
    assert len(found.reasons) >= 2


def test_what_was_paid_and_passes_is_no_anomaly() -> None:
    found = propose_booking(replace(FITS, engagement=Engagement.PAID))
    assert (found.verdict, found.anomaly) == (Verdict.ACCEPT, False)


CANCELLATION = CancellationFacts(EARLY, WEDNESDAY, CANCEL, found=True)


def test_a_cancellation_in_time_is_accepted_and_a_late_one_refused() -> None:
    assert propose_cancellation(CANCELLATION).verdict is Verdict.ACCEPT
    late = propose_cancellation(replace(CANCELLATION, submitted_at=TUESDAY))
    assert (late.verdict, late.code) == (Verdict.REFUSE, RefusalCode.HORS_DELAI)


def test_leaving_the_waiting_list_has_no_deadline() -> None:
    late = replace(CANCELLATION, submitted_at=TUESDAY, waiting=True)
    assert propose_cancellation(late).verdict is Verdict.ACCEPT


def test_there_must_be_something_to_cancel() -> None:
    found = propose_cancellation(replace(CANCELLATION, found=False))
    assert (found.verdict, found.code) == (Verdict.REFUSE, RefusalCode.AUTRE)


@pytest.mark.parametrize("change", [{"attended": True}, {"invoiced": True}, {"paid": True}])
def test_cancelling_what_was_attended_invoiced_or_paid_is_an_agent_s_affair(change: dict[str, bool]) -> None:
    assert propose_cancellation(replace(CANCELLATION, **change)).verdict is Verdict.EXAMINE  # type: ignore[arg-type]


ABSENCE = AbsenceFacts(EARLY, WEDNESDAY, NO_LIMIT, found=True, medical=False, certificate=False)


def test_an_absence_is_excused_with_a_medical_certificate_else_billed() -> None:
    assert codes(propose_absence(ABSENCE)) == {"billed"}
    medical = replace(ABSENCE, medical=True, certificate=True)
    assert codes(propose_absence(medical)) == {"excused"}
    without = propose_absence(replace(ABSENCE, medical=True))
    assert (without.verdict, codes(without)) == (Verdict.EXAMINE, {"certificate_missing"})


def test_an_absence_needs_a_booking_and_is_recorded_once() -> None:
    assert propose_absence(replace(ABSENCE, found=False)).code is RefusalCode.AUTRE
    assert propose_absence(replace(ABSENCE, already_absent=True)).code is RefusalCode.DOUBLON


ENROLMENT = EnrolmentFacts(
    EARLY, date(2026, 3, 30), NO_LIMIT, group=GroupChoice(None, None, 7), dossier=DossierState.VALID
)


def test_an_enrolment_with_a_valid_dossier_is_accepted_else_blocked() -> None:
    assert propose_enrolment(ENROLMENT).verdict is Verdict.ACCEPT
    blocked = propose_enrolment(replace(ENROLMENT, dossier=DossierState.MISSING))
    assert (blocked.verdict, blocked.code) == (Verdict.REFUSE, RefusalCode.DOSSIER_INCOMPLET)


def test_a_second_enrolment_on_the_same_dates_is_a_double() -> None:
    found = propose_enrolment(replace(ENROLMENT, already_enrolled=True))
    assert (found.verdict, found.code) == (Verdict.REFUSE, RefusalCode.DOUBLON)


def test_a_field_follows_its_policy() -> None:
    phone = FieldFacts("Téléphone mobile", FieldPolicy.AUTOMATIC, "06 00", "06 11")
    assert propose_field(phone).verdict is Verdict.ACCEPT
    assert propose_field(replace(phone, policy=FieldPolicy.AGENT)).verdict is Verdict.EXAMINE
    login = propose_field(replace(phone, policy=FieldPolicy.COUNTER))
    assert (login.verdict, login.code) == (Verdict.REFUSE, RefusalCode.AUTRE)
    assert "au guichet seulement" in login.sentence
    assert propose_field(replace(phone, policy=FieldPolicy.COUNTER, asked="06 00")).verdict is Verdict.ACCEPT


def test_a_field_that_cannot_be_right_is_refused_with_its_problem() -> None:
    wrong = FieldFacts(
        "IBAN", FieldPolicy.AGENT, None, "FR00", problem="IBAN : la clé de contrôle est fausse."
    )
    found = propose_field(wrong)
    assert (found.verdict, found.sentence) == (Verdict.REFUSE, "IBAN : la clé de contrôle est fausse.")


def test_a_sheet_that_changed_meanwhile_is_looked_at() -> None:
    phone = FieldFacts("Téléphone mobile", FieldPolicy.AUTOMATIC, "06 22", "06 11", seen="06 00")
    assert propose_field(phone).verdict is Verdict.EXAMINE


def test_the_order_of_precedence_names_every_refusal() -> None:
    assert sorted(REFUSAL_ORDER) == sorted(RefusalCode)


facts = st.builds(
    BookingFacts,
    submitted_at=st.sampled_from([EARLY, TUESDAY, TOO_LATE]),
    day=st.sampled_from([WEDNESDAY, date(2026, 3, 1)]),
    limit=st.sampled_from([BOOK, NO_LIMIT, Limit(never=True), Limit(undefined=True)]),
    cancel_limit=st.sampled_from([CANCEL, NO_LIMIT, Limit(never=True)]),
    group=st.builds(
        GroupChoice,
        st.none(),
        st.sampled_from([None, GroupProblem.TOO_YOUNG_OR_OLD, GroupProblem.CLASS_UNKNOWN]),
        st.none() | st.integers(0, 18),
    ),
    places=st.sampled_from([UNLIMITED, FULL, PlacesLeft(1, 0, "capacité 1, 0 réservé")]),
    closed=st.none() | st.just("Fermé."),
    enrolled=st.booleans(),
    doubles=st.lists(st.builds(DoubleFact, st.booleans(), st.booleans(), st.just("Matin")), max_size=2),
    dossier=st.none() | st.sampled_from(DossierState),
    account=st.builds(
        AccountFacts, st.integers(0, 9), st.booleans(), st.none() | st.integers(-9, 9), st.just(0)
    ),
    cost=st.integers(0, 9),
    waiting_list=st.booleans(),
    engagement=st.none() | st.sampled_from(Engagement),
)


@given(facts)
def test_whatever_the_facts(asked: BookingFacts) -> None:
    found = propose_booking(asked)
    assert (found.code is not None) == (found.verdict is Verdict.REFUSE)
    assert found.anomaly == (asked.engagement is not None and found.verdict is Verdict.EXAMINE)
    if asked.engagement is not None:
        assert found.verdict in (Verdict.ACCEPT, Verdict.EXAMINE)
    if found.verdict is Verdict.ACCEPT:
        assert asked.places.is_free
        assert not asked.doubles
        assert asked.closed is None
        assert asked.limit.allows(asked.submitted_at)
    else:
        assert found.reasons
    for reason in found.reasons:
        assert reason.sentence.endswith(".")


@given(facts, st.booleans())
def test_one_more_obstacle_never_makes_a_request_pass(asked: BookingFacts, closed: bool) -> None:
    worse = (
        replace(asked, closed="Fermé.") if closed else replace(asked, doubles=[DoubleFact(False, True, "x")])
    )
    assert propose_booking(worse).verdict in (Verdict.REFUSE, Verdict.EXAMINE)
