"""Views kept under a name: filters, order and columns of the lists that people narrow every month."""

from datetime import date

from pytestqt.qtbot import QtBot

from guichet.rules.permissions import Role
from guichet.ui.page import Destination
from guichet.ui.pages.billing import BillingPage
from guichet.ui.pages.journal import ALWAYS, JournalPage
from guichet.ui.screenshots import settle
from guichet.ui.widgets.fields import choose
from guichet.ui.widgets.views import ViewsButton
from tests.ui.support import Opener


def test_the_journal_comes_back_to_the_filters_of_a_view(open_window: Opener, qtbot: QtBot) -> None:
    window = open_window(Role.ADMINISTRATOR)
    window.go(Destination("journal"))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, JournalPage)
    views = page.list.findChild(ViewsButton)
    assert views is not None
    choose(page.period, ALWAYS)
    page.list.filter.setText("import")
    views.save("Tous les imports")
    choose(page.period, "month")
    page.list.filter.setText("")
    views.apply_view(views.views[0])
    settle(window.tools.desk)
    assert (page.period.currentData(), page.list.filter.text()) == (ALWAYS, "import")
    assert page.list.query is not None
    assert (page.list.query.since, page.list.query.text) == (None, "import")  # type: ignore[attr-defined]


def test_issued_invoices_come_back_to_the_period_and_the_standing_of_a_view(
    open_window: Opener, qtbot: QtBot
) -> None:
    window = open_window(Role.FINANCE)
    window.go(Destination("billing"))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, BillingPage)
    invoices = page.invoices
    views = invoices.list.findChild(ViewsButton)
    assert views is not None
    invoices.show_filters({"start": "2026-02-01", "end": "2026-02-28", "standing": "overdue"})
    views.save("Février en retard")
    invoices.show_filters({"standing": ""})
    views.apply_view(views.views[0])
    settle(window.tools.desk)
    assert invoices.months.currentData() == (date(2026, 2, 1), date(2026, 2, 28))
    assert invoices.standing.currentData() == "overdue"
