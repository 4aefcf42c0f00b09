"""Reading the journal: acts found by period, person, act, family and word; their detail in French, field by field."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from guichet.models.database import Database
from guichet.models.money import PaymentMode
from guichet.models.settings import JournalDetail
from guichet.rules.errors import PermissionDenied, UserError
from guichet.rules.permissions import Role
from guichet.services import (
    accounts,
    decisions,
    invoices,
    journal,
    journal_views,
    payments,
    proposals,
    request_detail,
    settings,
)
from guichet.services.accounts import NewAccount
from guichet.services.decisions import Accept, AskComplement
from guichet.services.invoices import IssueInvoices
from guichet.services.journal_views import EntryRow, EntryView, JournalQuery
from guichet.services.payments import RecordPayment
from guichet.services.transaction import Actor, Context, read, run
from tests.services import billing_town, request_town
from tests.services.request_town import WEDNESDAY, Town, slot_days


@pytest.fixture
def town(database: Database, context: Context) -> Town:
    built = request_town.build(database)
    account = NewAccount("lea", "Léa Brûlé", password="Un-Mot-2-Passe", roles=frozenset({Role.AGENT}))
    run(database, context, accounts.create, account)
    return built


def _agent(
    context: Context, *, later: timedelta = timedelta(), roles: tuple[Role, ...] = (Role.AGENT,)
) -> Context:
    actor = Actor("lea", "Léa Brûlé", frozenset(roles), workstation="guichet-2")
    return Context(actor, context.now + later)


def _rows(database: Database, context: Context, **query: Any) -> list[EntryRow]:
    return list(read(database, context, journal_views.list_entries, JournalQuery(**query)).rows)


def _acts(database: Database, context: Context, **query: Any) -> list[str]:
    return [row.action for row in _rows(database, context, **query)]


def _latest(database: Database, context: Context, **query: Any) -> EntryView:
    row = _rows(database, context, **query)[0]
    return read(database, context, journal_views.entry, row.entry_id)


def _submit(database: Database, context: Context, kind: str, payload: dict[str, Any], **members: Any) -> int:
    with database.writing() as session:
        request_id = request_town.submit(session, kind, payload, **members)
    run(database, context, proposals.propose, [request_id])
    return request_id


def _book(database: Database, context: Context, town: Town, external_id: str = "D-7") -> int:
    return _submit(
        database,
        context,
        "bookings",
        slot_days(WEDNESDAY),
        family=town.family,
        child=town.lea,
        activity=town.activity,
        external_id=external_id,
    )


def test_an_act_says_who_when_from_where_and_on_what(
    database: Database, context: Context, town: Town
) -> None:
    request_id = _book(database, context, town)
    run(database, _agent(context), decisions.ask_complement, AskComplement(request_id, "Le certificat, SVP"))
    row = _rows(database, context)[0]
    assert (row.person, row.workstation, row.act) == ("Léa Brûlé", "guichet-2", "Complément demandé")
    assert row.happened_at == context.now
    assert row.subject == "Réservations D-7, Martin (n° 1001)"
    assert (row.subject_kind, row.subject_id, row.family_id) == ("request", request_id, town.family)


def test_the_detail_names_each_value_before_and_after(
    database: Database, context: Context, town: Town
) -> None:
    request_id = _book(database, context, town)
    run(database, _agent(context), decisions.accept, Accept(request_id))
    found = _latest(database, context)
    said = {change.label: (change.before, change.after, change.changed) for change in found.changes}
    assert said["État"] == ("en attente", "acceptée", True)
    assert said["01/04/2026 – Activité MERCREDI, Journee"] == ("à décider", "acceptée", True)
    assert (found.sealed, found.erased) == (True, False)


def test_a_changed_setting_shows_both_values(database: Database, context: Context, town: Town) -> None:
    run(database, context, settings.change, {"town.phone": "04 79 00 00 00", "requests.answer_days": 2})
    found = _latest(database, context, group="setting")
    assert [(one.label, one.before, one.after, one.changed) for one in found.changes] == [
        ("Jours pour répondre", "2", "2", False),
        ("Téléphone", "—", "04 79 00 00 00", True),
    ]


def _change_sheet(database: Database, context: Context, town: Town) -> None:
    health = _submit(
        database,
        context,
        "child_sheet",
        {"health": {"allergies": "Arachide"}},
        family=town.family,
        child=town.lea,
    )
    run(database, context, decisions.accept, Accept(health))
    caf = _submit(database, context, "family_sheet", {"caf": {"caf_number": "1234567"}}, family=town.family)
    run(database, context, decisions.accept, Accept(caf))


def test_health_never_shows_and_income_only_to_who_may_read_it(
    database: Database, context: Context, town: Town
) -> None:
    _change_sheet(database, context, town)
    director = _agent(context, roles=(Role.ALSH_DIRECTOR,))
    for reader, number in ((context, "1234567"), (director, None)):
        rows = _rows(database, reader, family_id=town.family)
        texts = [
            change.before + change.after
            for row in rows
            for change in read(database, reader, journal_views.entry, row.entry_id).changes
        ]
        assert not any("Arachide" in text for text in texts)
        assert any("masqué" in text for text in texts)
        assert any("1234567" in text for text in texts) is (number is not None)


def test_a_period_is_of_days_in_paris(database: Database, context: Context, town: Town) -> None:
    just_after_midnight = Context(context.actor, datetime(2026, 3, 17, 23, 30, tzinfo=UTC))
    just_before = Context(context.actor, datetime(2026, 3, 17, 22, 59, tzinfo=UTC))
    for moment, phone in ((just_before, "1"), (just_after_midnight, "2")):
        run(database, moment, settings.change, {"town.phone": phone})
    on_18 = {"since": date(2026, 3, 18), "until": date(2026, 3, 18)}
    assert [row.happened_at for row in _rows(database, context, group="setting", **on_18)] == [
        just_after_midnight.now
    ]
    assert len(_rows(database, context, group="setting", until=date(2026, 3, 17))) == 1


def test_filters_narrow_together(database: Database, context: Context, town: Town) -> None:
    first, second = _book(database, context, town, "D-7"), _book(database, context, town, "D-8")
    run(database, _agent(context), decisions.ask_complement, AskComplement(first, "Une pièce"))
    run(database, context, decisions.ask_complement, AskComplement(second, "Une pièce"))
    run(database, context, settings.change, {"town.phone": "1"})
    assert _acts(database, context, login="lea") == ["request.ask_complement"]
    assert _acts(database, context, group="request", login="admin") == ["request.ask_complement"]
    assert [row.subject_id for row in _rows(database, context, subject=("request", second))] == [second]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("complement DEMANDE", True),
        ("brule", True),
        ("guichet 2", True),
        ("d-7", True),
        ("martin famille", True),
        ("Lea", True),
        ("complément refusé", False),
        ("Durand", False),
        ("100% [zz]*", False),
    ],
)
def test_words_are_found_without_accents_nor_order(
    database: Database, context: Context, town: Town, text: str, found: bool
) -> None:
    request_id = _book(database, context, town)
    run(database, _agent(context), decisions.ask_complement, AskComplement(request_id, "Une pièce"))
    assert ("request.ask_complement" in _acts(database, context, text=text, group="request")) is found


def test_a_family_s_journal_holds_what_concerns_it_alone(
    database: Database, context: Context, town: Town
) -> None:
    mine = _book(database, context, town)
    run(database, context, decisions.accept, Accept(mine))
    theirs = _submit(
        database,
        context,
        "bookings",
        slot_days(request_town.NEXT_WEDNESDAY),
        family=town.other_family,
        child=town.lea,
    )
    run(database, context, decisions.accept, Accept(theirs))
    run(database, context, settings.change, {"town.phone": "1"})
    with database.writing() as session:
        journal.record(
            session, context, action="person.change", subject=("person", town.tom), summary="Fiche modifiée"
        )
    assert _acts(database, context, family_id=town.family) == ["person.change", "request.decide"]
    assert [row.subject_id for row in _rows(database, context, family_id=town.other_family)] == [theirs]
    agent = _agent(context)
    assert _acts(database, agent, family_id=town.family) == ["person.change", "request.decide"]


def test_pages_follow_one_another_without_gap(database: Database, context: Context, town: Town) -> None:
    for number in range(25):
        moment = Context(context.actor, context.now + timedelta(minutes=number // 3))
        run(database, moment, settings.change, {"town.phone": str(number)})
    query = {"group": "setting", "size": 10}
    paged = [row.entry_id for start in (0, 10, 20) for row in _rows(database, context, offset=start, **query)]
    whole = [row.entry_id for row in _rows(database, context, group="setting")]
    assert paged == whole == sorted(whole, reverse=True)
    assert len(whole) == 25
    page = read(database, context, journal_views.list_entries, JournalQuery(group="setting", size=10))
    assert (page.total, len(page.rows)) == (25, 10)
    upward = _rows(database, context, group="setting", descending=False)
    assert [row.entry_id for row in upward] == whole[::-1]


def test_the_whole_journal_is_for_those_who_verify(database: Database, context: Context, town: Town) -> None:
    agent = _agent(context)
    with pytest.raises(PermissionDenied):
        _rows(database, agent)
    with pytest.raises(PermissionDenied):
        _rows(database, _agent(context, roles=(Role.PORTAL,)), family_id=town.family)
    run(database, context, settings.change, {"town.phone": "1"})
    with pytest.raises(PermissionDenied):
        read(database, agent, journal_views.entry, _rows(database, context)[0].entry_id)


def test_an_erased_detail_says_so(database: Database, context: Context, town: Town) -> None:
    run(database, context, settings.change, {"town.phone": "1"})
    entry_id = _rows(database, context, group="setting")[0].entry_id
    assert not read(database, context, journal_views.entry, entry_id).erased
    with database.writing() as session:
        session.execute(delete(JournalDetail).where(JournalDetail.journal_id == entry_id))
    found = read(database, context, journal_views.entry, entry_id)
    assert (found.erased, found.changes) == (True, ())
    with pytest.raises(UserError):
        read(database, context, journal_views.entry, entry_id + 1000)


def test_a_reading_of_health_stands_in_the_journal(database: Database, context: Context, town: Town) -> None:
    request_id = _submit(
        database, context, "child_sheet", {"health": {"pai": True}}, family=town.family, child=town.lea
    )
    run(database, _agent(context), request_detail.reveal_health, request_id)
    row = _rows(database, context, group="health")[0]
    assert (row.login, row.subject_id, row.act) == ("lea", request_id, "Lecture de données de santé")


def test_a_run_of_invoices_stands_in_the_journal_of_each_family_it_billed(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        town = billing_town.found(session)
        town.single(town.alsh, 900)
        billed = [town.family(name) for name in ("Bernard", "Martin")]
        for family in billed:
            town.book(town.enrol(family, town.child(family), town.alsh), town.journee, date(2026, 3, 4))
        ids = [family.id for family in billed]
        nothing, regie = town.family("Zoran").id, town.regie.id
    march = IssueInvoices(date(2026, 3, 1), date(2026, 3, 31))
    result = run(database, context, invoices.issue, march)
    run(
        database,
        context,
        payments.record,
        RecordPayment(ids[1], regie, PaymentMode.CASH, 900, date(2026, 3, 18)),
    )
    assert len(result.invoices) == 2
    assert [_acts(database, context, family_id=one) for one in (*ids, nothing)] == [
        ["billing.issue"],
        ["payment.record", "billing.issue"],
        [],
    ]
    director = _agent(context, roles=(Role.ALSH_DIRECTOR,))
    assert _acts(database, director, family_id=ids[1]) == []
    entry_id = _rows(database, context, family_id=ids[1])[0].entry_id
    with pytest.raises(PermissionDenied):
        read(database, director, journal_views.entry, entry_id)
