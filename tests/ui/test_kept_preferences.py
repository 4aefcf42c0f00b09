"""What an account keeps for the screens: never lost between two windows, and never able to keep the window shut."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.engine import URL

from guichet.models.database import Database, open_database
from guichet.models.settings import UserAccount
from guichet.rules.permissions import Role
from guichet.services import accounts, transaction
from guichet.services.transaction import Actor, Context
from guichet.ui.column_choice import WIDEST, ColumnChoice
from guichet.ui.desktop import PAGES
from guichet.ui.last_place import read_place
from guichet.ui.messages import Messages
from guichet.ui.screenshots import settle
from guichet.ui.window import MainWindow
from tests.concurrency.test_last_place import at_once
from tests.ui import desk_town
from tests.ui.support import Opener, SqlGuard

LISTS = (
    *("requests", "families", "attestations.register", "imports.batches", "imports.lines", "journal"),
    *("billing.invoices", "billing.payments", "billing.preview", "home.expiring", "home.freed"),
)
KEYS = (
    *("look", "scale", "narrow_rail", "place", "requests.split", "billing.held"),
    *(f"columns.{name}" for name in LISTS),
    *(f"views.{name}" for name in LISTS),
)
HELD_OF_ANY_MONTH = {f"2026-{month:02d}-01/2026-{month:02d}-28": {"x": [1]} for month in range(1, 13)}
HOSTILE: dict[str, Any] = {
    "nothing": None,
    "number": -1,
    "fraction": 1e300,
    "yes": True,
    "text": "<b>",
    "list": [[], {}, "x", None],
    "empty": {},
    "columns": {"shown": ["nobody", 3, None], "widths": {"family": 1e300, "x": "wide", "state": -5}},
    "held": {"2026-02-01/2026-02-28": {"x": ["a"], "12": [1, 2]}, "2026-03-01/2026-03-31": "x"},
    "views": {"A": 3, "B": {"filters": [], "sort": {}, "columns": 7}},
    "ten megabytes": "x" * 10_000_000,
}
WANTED: tuple[Any, ...] = (
    "x",
    {"family": "x", "request": "x", "batch": [], "attestation": {}, "year": [], "tab": [], "section": []},
    {"family": 2**80, "request": 2**80, "batch": 2**80, "payment": 2**80, "invoice": 2**80},
    {"request": "x", "payment": "x", "open": ["x"], "start": "x", "end": "x", "subject": 3, "since": 1},
    {"view": {"kinds": 3, "sort": []}, "regies": ["x"], "text": 5, "preview": [], "outcome": 3, "tab": "issue",
     "start": "2026-02-01", "end": "2026-02-28"},
)  # fmt: skip


@pytest.fixture
def town(sqlite_database: Database, context: Context, tmp_path: Path, sql_guard: SqlGuard) -> Database:
    sql_guard.aside(lambda: desk_town.build_with_night(sqlite_database, context, tmp_path))
    return sqlite_database


def person(database: Database, preferences: Any = None) -> Actor:
    """Someone whose account keeps these preferences."""
    with database.writing() as session:
        account = UserAccount(
            login="camille", display_name="Camille Roux", password_hash="x", roles=["administrator"]
        )
        session.add(account)
        session.flush()
        if preferences is not None:
            session.execute(update(UserAccount).values(preferences=preferences))
        return Actor(
            "camille", "Camille Roux", frozenset({Role.ADMINISTRATOR}), user_id=account.id, workstation="p"
        )


@pytest.fixture
def crashes(messages: Messages) -> Iterator[list[object]]:
    seen: list[object] = []
    messages.crash.connect(seen.append)
    yield seen
    assert not seen, "a bug was reported"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_kept_value_keeps_the_window_shut(
    open_window: Opener, town: Database, sql_guard: SqlGuard, crashes: list[object], hostile: str
) -> None:
    kept = dict.fromkeys(KEYS, HOSTILE[hostile])
    window: MainWindow = open_window(actor=sql_guard.aside(lambda: person(town, kept)))
    assert window.current_name == "home"
    for name in window.entries:
        window.rail.chosen.emit(name)
        settle(window.tools.desk)
        assert window.current_name == name
    window.close()


@pytest.mark.parametrize("kept", [["look"], "dark", 3, None])
def test_preferences_that_are_no_longer_a_table_count_as_none(
    open_window: Opener, town: Database, sql_guard: SqlGuard, crashes: list[object], kept: Any
) -> None:
    actor = sql_guard.aside(lambda: person(town, kept))
    window: MainWindow = open_window(actor=actor)
    assert window.current_name == "home"
    window.tools.preferences.set("narrow_rail", True)
    window.tools.preferences.flush()
    settle(window.tools.desk)
    assert sql_guard.aside(lambda: kept_of(town))["narrow_rail"] is True


@pytest.mark.parametrize("page", [page.name for page in PAGES])
@pytest.mark.parametrize("place", range(len(WANTED)))
def test_no_last_place_keeps_the_window_shut(
    open_window: Opener, town: Database, sql_guard: SqlGuard, crashes: list[object], page: str, place: int
) -> None:
    kept = {"place": {"page": page, "wanted": WANTED[place]}}
    window: MainWindow = open_window(actor=sql_guard.aside(lambda: person(town, kept)))
    assert window.current_name in (page, "home")
    settle(window.tools.desk)
    assert window.current_page.isVisible()


def kept_of(database: Database) -> dict[str, Any]:
    with database.reading() as session:
        return dict(session.execute(select(UserAccount.preferences)).scalar_one())


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(ANY_JSON)
def test_any_value_is_a_choice_of_columns_or_none(kept: Any) -> None:
    choice = ColumnChoice.read({"shown": kept, "widths": kept})
    assert all(0 < width <= WIDEST for width in choice.widths.values())
    assert len(set(choice.shown)) == len(choice.shown)


@given(ANY_JSON, ANY_JSON)
def test_any_value_is_a_place_or_none(page: Any, wanted: Any) -> None:
    place = read_place({"page": page, "wanted": wanted}, {"home"})
    assert place is None or place.page == "home"
    assert read_place(wanted, {"home"}) is None or wanted["page"] == "home"


def test_two_windows_of_one_person_keep_each_others_choices(database_url: Any, context: Context) -> None:
    url: URL = database_url()
    desks = [open_database(url) for _ in range(8)]
    try:
        mine = Context(person(desks[0]), context.now)

        def choose(place: int) -> None:
            for turn in range(5):
                transaction.run(
                    desks[place], mine, accounts.save_preferences, {f"columns.{place}.{turn}": place}
                )

        at_once(*(lambda place=place: choose(place) for place in range(len(desks))))
        assert len(kept_of(desks[0])) == 40
    finally:
        for desk in desks:
            desk.dispose()
