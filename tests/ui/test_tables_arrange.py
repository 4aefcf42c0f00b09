"""What people arrange for themselves: columns chosen, moved, resized, and views saved; kept in their account."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.settings import UserAccount
from guichet.rules.errors import UserError
from guichet.services.families import FamilyQuery, FamilyRow, search
from guichet.services.transaction import Actor
from guichet.ui.column_choice import ColumnChoice
from guichet.ui.desk import Desk
from guichet.ui.drafts import Drafts
from guichet.ui.messages import Confirmation, Messages
from guichet.ui.page import Tools
from guichet.ui.preferences import Preferences
from guichet.ui.screenshots import settle
from guichet.ui.tables import Column
from guichet.ui.theme import Theme
from guichet.ui.widgets.columns_dialog import ColumnsDialog
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.widgets.views import NameDialog, ViewsButton
from tests.ui.support import SqlGuard, type_text

ALT = Qt.KeyboardModifier.AltModifier
COLUMNS = (
    Column[FamilyRow]("Famille", lambda row: row.label, None, sort="label", bold=True),
    Column[FamilyRow]("Numéro", lambda row: row.number, 13, sort="number"),
    Column[FamilyRow]("Enfants", lambda row: row.children, None, optional=1),
    Column[FamilyRow]("Téléphone", lambda row: row.phone, 16, optional=2),
    Column[FamilyRow]("Ville", lambda row: row.town, 20, extra=True),
)


@pytest.fixture
def desk(town: Database, desk: Desk, sql_guard: SqlGuard) -> Desk:
    """Someone who has an account, where what they choose is kept."""

    def account() -> int:
        with town.writing() as session:
            user = UserAccount(login="camille", display_name="Camille Roux", roles=["administrator"])
            session.add(user)
            session.flush()
            return user.id

    user_id = sql_guard.aside(account)
    desk.actor = Actor("camille", "Camille Roux", desk.actor.roles, user_id=user_id, workstation="poste-1")
    return desk


@pytest.fixture
def tools(desk: Desk, messages: Messages, theme: Theme) -> Tools:
    return Tools(desk, messages, theme, Preferences(desk), Drafts(desk))


Made = Callable[[], SqlList[FamilyRow]]


@pytest.fixture
def make(tools: Tools, desk: Desk, qtbot: QtBot) -> Made:
    def made() -> SqlList[FamilyRow]:
        listed = SqlList[FamilyRow](
            tools,
            search,
            COLUMNS,
            lambda row: row.family_id,
            name="Familles",
            empty="Aucune famille.",
            noun="famille",
            key="families",
            filter_hint="Nom",
        )
        qtbot.addWidget(listed)
        listed.resize(900, 400)
        listed.show()
        listed.ask(FamilyQuery())
        settle(desk)
        return listed

    return made


def titles(listed: SqlList[FamilyRow]) -> list[str]:
    return [column.title for column in listed.table.columns.shown()]


def dialog_of(listed: SqlList[FamilyRow]) -> ColumnsDialog:
    listed.ask_columns()
    dialog = listed.findChild(ColumnsDialog)
    assert dialog is not None
    return dialog


def test_where_nothing_is_chosen_optional_columns_go_when_room_lacks_and_come_back(make: Made) -> None:
    listed = make()
    assert titles(listed) == ["Famille", "Numéro", "Enfants", "Téléphone"]
    listed.resize(270, 400)
    assert titles(listed) == ["Famille", "Numéro"]
    listed.resize(900, 400)
    assert titles(listed) == ["Famille", "Numéro", "Enfants", "Téléphone"]


def test_columns_are_ticked_and_moved_from_the_keyboard_and_kept_in_the_account(
    make: Made, tools: Tools, desk: Desk, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    listed = make()
    dialog = dialog_of(listed)
    qtbot.waitUntil(dialog.isActiveWindow)
    dialog.list.setCurrentRow(4)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Space)
    for _ in range(4):
        qtbot.keyClick(dialog.list, Qt.Key.Key_Up, ALT)
    dialog.list.setCurrentRow(2)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Space)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert titles(listed) == ["Ville", "Famille", "Enfants", "Téléphone"]
    tools.preferences.flush()
    settle(desk)

    def kept() -> Any:
        with town.reading() as session:
            return session.scalars(select(UserAccount.preferences)).one()

    shown = sql_guard.aside(kept)["columns.families"]["shown"]
    assert shown == ["Ville", "Famille", "Enfants", "Téléphone"]

    again = Preferences(desk)
    again.load()
    settle(desk)
    assert ColumnChoice.read(again.get("columns.families")).shown == tuple(shown)


def test_chosen_columns_stay_however_little_room_there_is(make: Made) -> None:
    listed = make()
    listed.table.columns.choose(ColumnChoice(("Famille", "Téléphone", "Ville", "Enfants")))
    listed.resize(330, 400)
    assert titles(listed) == ["Famille", "Téléphone", "Ville", "Enfants"]


def test_the_last_column_cannot_be_taken_away(make: Made, qtbot: QtBot) -> None:
    dialog = dialog_of(make())
    for place in range(dialog.list.count()):
        dialog.list.item(place).setCheckState(Qt.CheckState.Unchecked)
    assert not dialog.accept_button.isEnabled()
    dialog.reject()


def test_a_title_dragged_elsewhere_moves_its_column_and_the_sorted_one_stays_marked(
    make: Made, tools: Tools, desk: Desk
) -> None:
    listed = make()
    listed.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    settle(desk)
    listed.table.horizontalHeader().moveSection(0, 3)
    settle(desk)
    assert titles(listed) == ["Numéro", "Enfants", "Téléphone", "Famille"]
    assert listed.table.horizontalHeader().sortIndicatorSection() == 0
    assert tools.preferences.get("columns.families")["shown"] == titles(listed)


def test_a_width_drawn_with_the_mouse_is_kept_and_follows_the_size_of_the_text(
    make: Made, tools: Tools, theme: Theme
) -> None:
    listed = make()
    header = listed.table.horizontalHeader()
    header.resizeSection(1, 200)
    listed.resize(1000, 400)
    assert header.sectionSize(1) == pytest.approx(200, abs=1)
    listed.close()
    again = make()
    assert again.table.horizontalHeader().sectionSize(1) == pytest.approx(200, abs=1)
    theme.apply(theme.look, 150)
    assert again.table.horizontalHeader().sectionSize(1) > 250


def test_the_menu_of_the_titles_shows_a_column_more_or_one_less_and_comes_back(
    make: Made, qtbot: QtBot
) -> None:
    listed = make()
    header = listed.table.horizontalHeader()
    header.customContextMenuRequested.emit(header.rect().center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    entries = {entry.text(): entry for entry in menu.actions() if entry.text()}
    assert [text for text, entry in entries.items() if entry.isChecked()] == titles(listed)
    entries["Ville"].trigger()
    entries["Enfants"].trigger()
    assert titles(listed) == ["Famille", "Numéro", "Téléphone", "Ville"]
    entries["Revenir aux colonnes d’origine"].trigger()
    menu.close()
    assert titles(listed) == ["Famille", "Numéro", "Enfants", "Téléphone"]


@pytest.mark.parametrize("scale", [100, 150, 200])
def test_only_a_person_chooses_widths(make: Made, theme: Theme, tools: Tools, scale: int) -> None:
    listed = make()
    theme.apply(theme.look, scale)
    for width in (300, 1200, 260):
        listed.resize(width, 400)
    listed.reload()
    settle(tools.desk)
    assert listed.table.columns.choice == ColumnChoice()
    assert tools.preferences.get("columns.families") is None


@pytest.mark.parametrize(
    "kept", [None, 3, {"shown": "Famille"}, {"shown": ["Disparue"], "widths": {"Famille": "large"}}]
)
def test_a_choice_of_another_release_leaves_the_list_s_own_columns(kept: Any, make: Made) -> None:
    listed = make()
    listed.table.columns.choose(ColumnChoice.read(kept))
    assert titles(listed) == ["Famille", "Numéro", "Enfants", "Téléphone"]


# Views


def entries_of(views: ViewsButton) -> dict[str, Any]:
    views.list.aboutToShow.emit()
    return {entry.text(): entry for entry in views.list.actions() if entry.text()}


def name(views: ViewsButton, text: str, qtbot: QtBot) -> NameDialog:
    dialog = views.findChild(NameDialog)
    assert dialog is not None
    dialog.name.clear()
    type_text(dialog.name, text)
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    return dialog


def test_a_view_brings_back_the_words_the_page_s_filters_the_order_and_the_columns(
    make: Made, desk: Desk, qtbot: QtBot
) -> None:
    listed = make()
    page = {"queue": "mine"}
    views = listed.add_views(lambda: dict(page), page.update)
    type_text(listed.filter, "dupont")
    qtbot.waitUntil(lambda: listed.model.total == 1)
    listed.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    listed.table.columns.choose(ColumnChoice(("Numéro", "Famille")))
    settle(desk)
    entries_of(views)["&Enregistrer cette vue…"].trigger()
    name(views, "Mes Dupont", qtbot)
    page["queue"] = "all"
    listed.filter.show_text("")
    listed.table.columns.reset()
    listed.ask(FamilyQuery(), own_order=True)
    settle(desk)
    assert listed.model.total == 2
    entries_of(views)["Mes Dupont"].trigger()
    settle(desk)
    assert page == {"queue": "mine"}
    assert (listed.filter.text(), listed.model.total) == ("dupont", 1)
    assert listed.query is not None
    assert (listed.query.sort, listed.query.descending) == ("number", True)
    assert titles(listed) == ["Numéro", "Famille"]


def test_two_views_do_not_bear_the_same_name(make: Made, qtbot: QtBot) -> None:
    views = make().add_views()
    views.save("Impayés")
    views.ask_name()
    dialog = name(views, " impayés ", qtbot)
    assert dialog.isVisible()
    assert dialog.name.property("invalid")
    dialog.reject()
    with pytest.raises(UserError, match="nom"):
        views.save("  ")


def test_a_view_is_renamed_and_one_deleted_by_mistake_comes_back(
    make: Made, messages: Messages, qtbot: QtBot
) -> None:
    said: list[Confirmation] = []
    messages.toast.connect(said.append)
    views = make().add_views()
    views.save("A & B")
    (view,) = views.views
    views.ask_name(view)
    name(views, "C", qtbot)
    assert [view.name for view in views.views] == ["C"]
    views.delete(views.views[0])
    assert views.views == ()
    undo = said[-1].undo
    assert undo is not None
    undo()
    assert [view.name for view in views.views] == ["C"]
