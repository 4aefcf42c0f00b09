"""Every place of the window, to be walked by a test: pages, tabs, sections, panels, dialogs, menus. Each has data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget

from guichet.rules.errors import UserError
from guichet.services.bulk_decisions import BulkOutcome, BulkReport, RequestOutcome
from guichet.services.demo import DEMO_ACCOUNTS
from guichet.ui.desk import Desk
from guichet.ui.desktop import PAGES
from guichet.ui.login import LoginDialog
from guichet.ui.messages import CrashDialog, CrashReport, Notice, Question
from guichet.ui.page import Destination
from guichet.ui.screenshots import settle
from guichet.ui.widgets.bulk_dialog import RefuseDialog
from guichet.ui.widgets.bulk_report import BulkReportDialog
from guichet.ui.widgets.calendar_popup import CalendarPopup
from guichet.ui.widgets.decision_bar import Key
from guichet.ui.widgets.home_lists import ExpiringDialog, FreedDialog, PaymentsDialog
from guichet.ui.window import MainWindow
from tests.ui.support import delete_now

NOW = datetime(2026, 3, 18, 8, 0, tzinfo=UTC)
FAMILY_TABS = (
    "household",
    "children",
    "pieces",
    "requests",
    "bookings",
    "invoices",
    "account",
    "messages",
    "journal",
)
SECTIONS = ("town", "calendar", "deadlines", "tariffs", "desk", "users", "portals")
STEPS = ("period", "checks", "preview", "issue", "sending")


@dataclass(frozen=True)
class Scene:
    """A place of the window. `show` brings it; what it returns (None: the page) is what is looked at."""

    name: str
    show: Callable[[MainWindow], QWidget | None]


@contextmanager
def shown(window: MainWindow, scene: Scene) -> Iterator[QWidget]:
    """Bring a scene on screen, and take away afterwards what it opened."""
    close_everything(window)
    root = scene.show(window)
    settle(window.tools.desk)
    QTest.qWait(30)  # layouts that follow a height for a width take another turn
    if root is None:
        root = window.current_page
    yield root
    close_everything(window)


def close_everything(window: MainWindow) -> None:
    """Back to the bare window."""
    for widget in QApplication.topLevelWidgets():
        if widget is not window and widget.isVisible():
            if isinstance(widget, QDialog):
                widget.reject()
            else:
                widget.close()
            if widget.parent() is None:
                widget.deleteLater()
    window.commands.close_over()
    window.help.close_over()
    window.notice.hide()
    settle(window.tools.desk)
    delete_now()


def page(window: MainWindow, name: str, wanted: Any = None) -> Any:
    """Open a page and let it read."""
    window.go(Destination(name, wanted))
    settle(window.tools.desk)
    return window.current_page


def dialog_of(window: MainWindow) -> QWidget:
    """The dialog that has just opened."""
    settle(window.tools.desk)
    found = QApplication.activeModalWidget()
    assert found is not None, "nothing opened"
    return found


def scenes() -> list[Scene]:
    """All of them."""
    return [
        *(Scene(f"page {entry.name}", _page(entry.name)) for entry in PAGES),
        *(Scene(f"family {tab}", _family(tab)) for tab in FAMILY_TABS),
        *(Scene(f"billing {step}", _billing({"tab": "issue", "step": step})) for step in STEPS),
        Scene("billing invoices", _billing({"tab": "invoices"}, select="invoices")),
        Scene("billing payments", _billing({"tab": "payments"}, select="payments")),
        Scene("attestations register", _register),
        *(Scene(f"settings {name}", _section(name)) for name in SECTIONS),
        *(Scene(f"decision {key.name.lower()}", _panel(key)) for key in (Key.REFUSE, Key.COMPLEMENT)),
        Scene("decision override", _override),
        Scene("request detail", _detail),
        Scene("imports quarantine", _quarantine),
        Scene("empty family", _empty_family),
        Scene("palette", _palette),
        Scene("help", lambda window: _opened(window, window.help.open_over, window.help)),
        Scene("manual", _manual),
        Scene("columns", _columns),
        Scene("view name", _view_name),
        Scene("views menu", _views_menu),
        Scene("table menu", _table_menu),
        Scene("user menu", _user_menu),
        Scene("uninvoiced", _uninvoiced),
        Scene("payment form", _payment),
        Scene("contacts form", _contacts),
        Scene("pdf", _pdf),
        Scene("accept many", _accept_many),
        Scene("refuse many", _refuse_many),
        Scene("report of many", _report_of_many),
        *(
            Scene(f"list {kind.__name__}", _list(kind))
            for kind in (ExpiringDialog, FreedDialog, PaymentsDialog)
        ),
        Scene("list of a day", _day_list),
        Scene("question", _question),
        Scene("notice", _notice),
        Scene("crash", _crash),
        Scene("warning", _warning),
        Scene("login", _login),
        Scene("calendar", _calendar),
    ]


def _page(name: str) -> Callable[[MainWindow], None]:
    def show(window: MainWindow) -> None:
        page(window, name).show_example()

    return show


def first_family(window: MainWindow) -> Any:
    """The families page on the first family of its list, kept open."""
    families = page(window, "families")
    families.list.table.select(0)
    settle(window.tools.desk)
    return families


def _family(tab: str) -> Callable[[MainWindow], None]:
    def show(window: MainWindow) -> None:
        families = first_family(window)
        families.tabs.view.show_tab(tab)
        settle(window.tools.desk)
        for table in families.tabs.view.part(tab).findChildren(QWidget):
            if table.metaObject().className() in ("DataTable", "ShortTable") and table.isVisible():
                cast("Any", table).select(0)

    return show


def _empty_family(window: MainWindow) -> None:
    families = page(window, "families")
    families.search.setText("0000")
    families.search.textEdited.emit("0000")
    settle(window.tools.desk)
    families.list.table.select(0)
    settle(window.tools.desk)
    families.tabs.view.show_tab("children")
    settle(window.tools.desk)
    families.search.clear()


def _billing(wanted: dict[str, Any], select: str = "") -> Callable[[MainWindow], None]:
    def show(window: MainWindow) -> None:
        billing = page(window, "billing", wanted)
        settle(window.tools.desk)
        if select:
            getattr(billing, select).list.table.select(0)

    return show


def _register(window: MainWindow) -> None:
    attestations = page(window, "attestations", {"tab": "register"})
    attestations.register.table.select(0)


def _section(name: str) -> Callable[[MainWindow], None]:
    def show(window: MainWindow) -> None:
        settings = page(window, "settings", {"section": name})
        settle(window.tools.desk)
        settings.section.show_example()

    return show


def first_request(window: MainWindow) -> Any:
    """The requests page on a request that can be decided."""
    requests = page(window, "requests")
    table = requests.list.table
    for place in range(table.paged.total):
        table.select(place)
        settle(window.tools.desk)
        if requests.bar.buttons[Key.REFUSE].isEnabled():
            break
    return requests


def _panel(key: Key) -> Callable[[MainWindow], None]:
    def show(window: MainWindow) -> None:
        first_request(window).bar.press(key)

    return show


def _override(window: MainWindow) -> None:
    first_request(window).bar.ask_override(UserError("Le délai est passé : dites pourquoi."), Key.ACCEPT)


def _detail(window: MainWindow) -> None:
    requests = first_request(window)
    requests.view.focus_items()


def _quarantine(window: MainWindow) -> None:
    imports = page(window, "imports")
    imports.batches.table.select(0)
    settle(window.tools.desk)
    imports.counts.choose("quarantined")
    imports._ask_lines()
    settle(window.tools.desk)
    imports.lines.table.select(0)


def _opened(window: MainWindow, act: Callable[[], None], root: QWidget) -> QWidget:
    page(window, "requests")
    act()
    return root


def _palette(window: MainWindow) -> QWidget:
    page(window, "requests")
    window.commands.open_over()
    window.commands.field.insert("ma")
    window.commands.field.textEdited.emit("ma")
    return window.commands


def _manual(window: MainWindow) -> QWidget:
    page(window, "requests")
    window.open_manual()
    settle(window.tools.desk)
    return next(
        each
        for each in QApplication.topLevelWidgets()
        if each.isVisible() and each.metaObject().className() == "ManualDialog"
    )


def _columns(window: MainWindow) -> QWidget:
    page(window, "requests").list.ask_columns()
    return dialog_of(window)


def _view_name(window: MainWindow) -> QWidget:
    requests = page(window, "requests")
    views(requests.list).ask_name()
    return dialog_of(window)


def views(listed: QWidget) -> Any:
    """The « Vues » button of a list."""
    return next(
        each for each in listed.findChildren(QWidget) if each.metaObject().className() == "ViewsButton"
    )


def _views_menu(window: MainWindow) -> QWidget:
    button = views(page(window, "requests").list)
    if not button.views:
        button.save("Du soir")
    menu: QMenu = button.list
    menu.popup(QPoint(10, 10))
    return menu


def _table_menu(window: MainWindow) -> QWidget:
    requests = page(window, "requests")
    requests.list.table.select(0)
    requests.list.table.show_menu()
    menu = QApplication.activePopupWidget()
    assert menu is not None
    return menu


def _user_menu(window: MainWindow) -> QWidget:
    menu = window.header.user.menu()
    assert menu is not None
    menu.popup(QPoint(10, 10))
    return menu


def _uninvoiced(window: MainWindow) -> QWidget:
    first_family(window).tabs.view.show_uninvoiced()
    return dialog_of(window)


def _payment(window: MainWindow) -> QWidget:
    families = first_family(window)
    families.tabs.view.show_tab("account")
    settle(window.tools.desk)
    families.tabs.view.account.receive_payment()
    return dialog_of(window)


def _contacts(window: MainWindow) -> QWidget:
    view = first_family(window).tabs.view
    view.edit_contacts(view._sheet.members[0].person_id)
    return dialog_of(window)


def _pdf(window: MainWindow) -> QWidget:
    families = first_family(window)
    families.tabs.view.show_tab("account")
    settle(window.tools.desk)
    families.tabs.view.account.print.click()
    return dialog_of(window)


def _accept_many(window: MainWindow) -> QWidget:
    page(window, "requests").many.accept_fitting()
    return dialog_of(window)


def _some_requests(window: MainWindow) -> tuple[Any, tuple[int, ...]]:
    requests = page(window, "requests")
    return requests, tuple(row.request_id for row in requests.list.model.rows_at_hand()[:4])


def _refuse_many(window: MainWindow) -> QWidget:
    requests, ids = _some_requests(window)
    dialog = RefuseDialog(window.tools, ids, requests)
    dialog.open()
    return dialog_of(window)


def _report_of_many(window: MainWindow) -> QWidget:
    requests, ids = _some_requests(window)
    outcomes = tuple(
        RequestOutcome(each, f"D-{each}", outcome, "Délai dépassé : à voir.")
        for each, outcome in zip(ids, BulkOutcome, strict=False)
    )
    dialog = BulkReportDialog(window.tools, BulkReport(outcomes, len(ids) + 1, cancelled=True), requests)
    dialog.open()
    return dialog_of(window)


def _list(kind: type[Any]) -> Callable[[MainWindow], QWidget]:
    def show(window: MainWindow) -> QWidget:
        home = page(window, "home")
        dialog = kind(window.tools, NOW.date(), home) if kind is PaymentsDialog else kind(window.tools, home)
        dialog.open()
        return dialog_of(window)

    return show


def _day_list(window: MainWindow) -> QWidget:
    home = page(window, "home")
    row = home.sites.paged.row_at(0)
    assert row is not None
    home.open_day(row, waiting=False)
    return dialog_of(window)


def _question(window: MainWindow) -> QWidget:
    page(window, "home")
    window.tools.messages.ask(
        Question("Quitter Guichet", "Un travail est en cours.", "Quitter quand même", "Rester", danger=True),
        then=lambda: None,
        parent=window,
    )
    return dialog_of(window)


def _notice(window: MainWindow) -> QWidget:
    page(window, "home")
    window.tools.messages.tell(Notice("Base indisponible", "Le serveur ne répond pas."), parent=window)
    return dialog_of(window)


def _crash(window: MainWindow) -> QWidget:
    page(window, "home")
    dialog = CrashDialog(CrashReport("G-12345678", "guichet/ui/window.py:1 run\nValueError"), window)
    dialog.open()
    dialog.show_details.click()
    return dialog


def _warning(window: MainWindow) -> QWidget:
    page(window, "home")
    window.tools.messages.warn("Cette fiche vient d’être modifiée à un autre poste : relisez-la.")
    return window


def _login(window: MainWindow) -> QWidget:
    page(window, "home")
    dialog = LoginDialog(window.tools.desk, window.tools.theme, "Valmont", DEMO_ACCOUNTS, window)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog_of(window)


def _calendar(window: MainWindow) -> QWidget:
    dialog = _payment(window)
    dialog.received_on.open_calendar()  # type: ignore[attr-defined]
    return dialog.findChild(CalendarPopup) or dialog


def desk_of(window: MainWindow) -> Desk:
    """The desk of a window."""
    return window.tools.desk
