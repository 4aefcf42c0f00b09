"""The palette: found by typing, from the keyboard alone, on a real base; stale answers never show nor open."""

from datetime import date

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from guichet.models.database import Database
from guichet.models.people import Family
from guichet.rules.permissions import Role
from guichet.services.search_hits import Hit, Kind
from guichet.ui.actions import Action
from guichet.ui.page import Destination
from guichet.ui.screenshots import settle
from guichet.ui.theme import Look
from guichet.ui.widgets.palette import NOTHING, Offers, Palette, answers, destination
from guichet.ui.window import MainWindow
from tests.ui.support import Opener, SqlGuard, type_text

CTRL = Qt.KeyboardModifier.ControlModifier


def opened(window: MainWindow, qtbot: QtBot) -> Palette:
    qtbot.keyClick(window, Qt.Key.Key_K, CTRL)
    palette = window.commands
    assert palette.isVisible()
    assert palette.field.hasFocus()
    return palette


def places_opened(palette: Palette) -> list[Destination]:
    """What the palette opens from now on."""
    places: list[Destination] = []
    palette.go.connect(places.append)
    return places


def family_id(town: Database, guard: SqlGuard, number: str) -> int:
    def find() -> int:
        with town.reading() as session:
            return session.execute(select(Family.id).where(Family.number == number)).scalar_one()

    found: int = guard.aside(find)
    return found


def lines(palette: Palette) -> list[str]:
    model = palette.results.entries
    return [str(model.data(model.index(row))) for row in range(model.rowCount())]


def typed(palette: Palette, text: str) -> list[str]:
    palette.field.clear()
    type_text(palette.field, text)
    settle(palette._tools.desk)
    return lines(palette)


@pytest.mark.parametrize("text", ["muller", "NOE", "06 12 34 56 78", "+33 6 12", "1001", "lefevre elodie"])
def test_a_family_is_found_without_accents_and_enter_opens_it(
    open_window: Opener, qtbot: QtBot, town: Database, sql_guard: SqlGuard, text: str
) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    places = places_opened(palette)
    type_text(palette.field, text)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)  # before the answer came: it waits for it
    qtbot.waitUntil(lambda: not palette.isVisible())
    settle(window.tools.desk)
    assert places == [Destination("families", family_id(town, sql_guard, "1001"))]
    assert window.current_name == "families"


def test_children_stand_under_their_own_heading_and_open_their_family(
    open_window: Opener, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    places = places_opened(palette)
    assert typed(palette, "zoe dupont") == ["Familles", "Dupont", "Enfants", "Zoé Dupont"]
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.results.current is not None
    assert palette.results.current.label == "Zoé Dupont"
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    settle(window.tools.desk)
    assert places == [Destination("families", family_id(town, sql_guard, "1002"))]


def test_pages_and_acts_are_found_by_their_names_and_other_words(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.ADMINISTRATOR)
    palette = opened(window, qtbot)
    assert "Facturation" in typed(palette, "factu")
    assert "Thème\u00a0: sombre" in typed(palette, "sombre")
    assert "Quitter" in typed(palette, "FERMER")
    typed(palette, "theme sombre")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.tools.theme.look is Look.DARK
    assert not palette.isVisible()


def test_nothing_typed_shows_where_one_was_the_page_the_pages_and_the_window(
    open_window: Opener, qtbot: QtBot
) -> None:
    window = open_window(Role.AGENT)
    done: list[str] = []

    def act(label: str) -> Action:
        return Action(label, lambda: done.append(label))

    offers = Offers(
        (act("Familles › Dupont"),), "Demandes", (act("Accepter"),), (act("Accueil"),), (act("Quitter"),)
    )
    palette = Palette(window.tools, lambda: offers, window)
    palette.open_over()
    assert lines(palette) == [
        "Vus récemment",
        "Familles › Dupont",
        "Sur cette page\u00a0: Demandes",
        "Accepter",
        "Aller à",
        "Accueil",
        "Guichet",
        "Quitter",
    ]
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert done == ["Familles › Dupont"]
    palette.open_over()
    assert "Vus récemment" not in typed(palette, "acc")
    assert lines(palette)[1::2] == ["Accepter", "Accueil"]


def test_the_window_offers_its_pages_and_the_acts_of_the_one_shown(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.ADMINISTRATOR)
    window.go(Destination("families"))
    shown = lines(opened(window, qtbot))
    assert {entry.title for entry in window.entries.values()} <= set(shown)
    assert {act.label for act in window.current_page.page_actions()} <= set(shown)
    assert "Rechercher ou agir" not in shown, "it is open already"


def test_what_matches_nothing_says_what_to_try(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    assert typed(palette, "zzz") == []
    assert palette.status.isVisible()
    assert palette.status.text() == NOTHING
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible(), "a sentence opens nothing"
    typed(palette, "dupont")
    assert not palette.status.isVisible()


def test_an_answer_to_an_older_text_is_never_shown(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    type_text(palette.field, "muller")
    palette.field.clear()
    type_text(palette.field, "dupont")
    settle(window.tools.desk)
    assert lines(palette)[:2] == ["Familles", "Dupont"]
    type_text(palette.field, "x")
    palette.field.clear()
    palette.field.textEdited.emit("")
    settle(window.tools.desk)
    assert "Familles" not in [line for line in lines(palette) if line == "Dupont"]
    assert "Dupont" not in lines(palette)


def test_enter_on_the_rows_of_an_older_text_waits_for_the_new_ones(
    open_window: Opener, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    places = places_opened(palette)
    typed(palette, "dupont")
    palette.field.selectAll()
    type_text(palette.field, "muller")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not palette.isVisible())
    assert places == [Destination("families", family_id(town, sql_guard, "1001"))]


def test_escape_gives_the_keyboard_back_where_it_was(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.AGENT)
    window.go(Destination("families"))
    settle(window.tools.desk)
    before = QApplication.focusWidget()
    assert before is not None
    palette = opened(window, qtbot)
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert QApplication.focusWidget() is before
    assert window.current_name == "families", "one step back, not two"


def test_tab_and_arrows_stay_inside_and_a_click_beside_closes(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    first = palette.results.current
    qtbot.keyClick(palette.field, Qt.Key.Key_Tab)
    assert palette.field.hasFocus()
    assert palette.results.current is not first
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.results.current is first
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    last = palette.results.entries.places[-1]
    assert palette.results.currentIndex().row() == last, "above the first comes the last"
    qtbot.mouseClick(palette, Qt.MouseButton.LeftButton, pos=QPoint(3, palette.height() - 3))
    assert not palette.isVisible()


def test_a_click_opens_what_is_under_it(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    typed(palette, "dupont jean")
    place = palette.results.visualRect(palette.results.entries.index(1)).center()
    qtbot.mouseClick(palette.results.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert not palette.isVisible()
    assert window.current_name == "families"


def test_the_key_of_a_page_still_opens_it(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    names = list(window.entries)
    qtbot.keyClick(palette.field, Qt.Key.Key_3, CTRL)
    assert window.current_name == names[2]
    assert not palette.isVisible()


def test_a_role_without_families_still_goes_and_acts(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.PORTAL)
    palette = opened(window, qtbot)
    assert "Dupont" not in typed(palette, "dupont")
    assert "Demandes" in typed(palette, "demandes")


def test_a_cut_base_leaves_pages_and_acts(open_window: Opener, qtbot: QtBot, town: Database) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    settle(window.tools.desk)

    def cut(*arguments: object) -> None:
        raise OperationalError("SELECT", {}, Exception("server closed the connection unexpectedly"))

    event.listen(town.engine, "before_cursor_execute", cut)
    assert "Familles" in typed(palette, "famil")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.current_name == "families"
    event.remove(town.engine, "before_cursor_execute", cut)
    window.tools.desk.give_up()


@pytest.mark.parametrize(
    ("text", "heard"),
    [("1001", "Müller-Lefèvre, n°\u00a01001"), ("actualiser", "Actualiser, touche F5")],
)
def test_a_screen_reader_hears_a_list_its_rows_and_their_keys(
    open_window: Opener, qtbot: QtBot, text: str, heard: str
) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    typed(palette, text)
    seen: QAccessibleInterface = QAccessible.queryAccessibleInterface(palette.results)
    assert seen.role() is QAccessible.Role.List
    assert seen.text(QAccessible.Text.Name) == "Ce qui correspond"
    row = seen.child(1)
    assert row.role() is QAccessible.Role.ListItem
    assert row.text(QAccessible.Text.Name).startswith(heard)


def test_its_model_is_sound(open_window: Opener, qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    window = open_window(Role.AGENT)
    palette = opened(window, qtbot)
    typed(palette, "dupont")
    qtmodeltester.check(palette.results.entries)


@pytest.mark.parametrize("scale", [100, 150, 200])
def test_it_fits_the_window_at_every_size_of_text(open_window: Opener, qtbot: QtBot, scale: int) -> None:
    window = open_window(Role.ADMINISTRATOR)
    window.tools.theme.apply(Look.LIGHT, scale)
    window.resize(1280, 720) if scale == 100 else window.resize(1600, 900)
    palette = opened(window, qtbot)
    settle(window.tools.desk)
    inside = palette.rect()
    assert inside.contains(palette.panel.geometry())
    assert palette.results.height() >= 5 * palette.results.row_height()


def test_words_begin_those_of_an_act_in_any_order() -> None:
    act = Action("Réduire le menu", lambda: None, words="barre gauche")
    assert answers(act, ["red"]) == 0
    assert answers(act, ["menu", "red"]) == 1
    assert answers(act, ["barre", "menu"]) == 2
    assert answers(act, ["enu"]) is None


def test_what_begins_as_typed_comes_before_what_other_words_find(open_window: Opener) -> None:
    window = open_window(Role.AGENT)

    def act(label: str, words: str = "") -> Action:
        return Action(label, lambda: None, words=words)

    page = (act("Garder ouverte", "famille"), act("Fiche famille"))
    offers = Offers((), "Demandes", page, (act("Familles"),), ())
    palette = Palette(window.tools, lambda: offers, window)
    palette.open_over()
    shown = [line for line in typed(palette, "famil") if not line.startswith(("Sur", "Aller"))]
    assert shown == ["Familles", "Fiche famille", "Garder ouverte"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.FAMILY, Destination("families", 7)),
        (Kind.CHILD, Destination("families", 7)),
        (Kind.PAYMENT, Destination("billing", {"payment": 3})),
        (Kind.REQUEST, Destination("requests", {"request": 3})),
        (Kind.INVOICE, Destination("billing", {"invoice": 3})),
        (Kind.ATTESTATION, Destination("attestations", {"attestation": 3})),
    ],
)
def test_each_kind_opens_its_own_page(kind: Kind, expected: Destination) -> None:
    assert destination(Hit(kind, 3, "", "", 7), attestations=True) == expected


def test_an_attestation_opens_the_family_of_whom_may_not_see_the_register() -> None:
    hit = Hit(Kind.ATTESTATION, 3, "", str(date(2026, 1, 1)), 7)
    assert destination(hit, attestations=False) == Destination("families", 7)
