"""The finance clerk's month through the real window: preview, issue, read, receive, attest."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from guichet.models.database import Database
from guichet.models.money import Allocation, Attestation, Invoice, Payment
from guichet.rules.permissions import Role
from guichet.services import invoices, transaction
from guichet.services.invoices import DraftInvoices, IssueInvoices
from guichet.services.transaction import Context
from guichet.ui.page import Destination
from guichet.ui.pages.attestations import AttestationsPage
from guichet.ui.pages.billing import BillingPage
from guichet.ui.pages.families import FamiliesPage
from guichet.ui.screenshots import settle
from guichet.ui.widgets.account_tab import PdfDialog
from guichet.ui.widgets.payment_form import PaymentDialog
from guichet.ui.window import MainWindow
from tests.services.billing_town import found
from tests.ui.support import Opener, SqlGuard, answer_next_question, pdf_text, type_text

YES, NO = True, False
FEBRUARY = [date(2026, 2, day) for day in (4, 11, 18, 25)]
MARCH = [date(2026, 3, day) for day in (4, 11)]


@pytest.fixture
def town(sqlite_database: Database, sql_guard: SqlGuard) -> Database:
    """Zola owes four Wednesdays of February at 10 €, Éluard two; Nerval eats at the canteen, which has no price."""

    def build() -> None:
        with sqlite_database.writing() as session:
            town = found(session)
            town.single(town.alsh, 1000)
            for name, days in (("Zola", FEBRUARY), ("Éluard", FEBRUARY[:2])):
                family = town.family(name)
                town.book(town.enrol(family, town.child(family), town.alsh), town.journee, *days, *MARCH)
            nerval = town.family("Nerval")
            town.book(town.enrol(nerval, town.child(nerval), town.canteen), town.repas, MARCH[0])

    sql_guard.aside(build)
    return sqlite_database


@pytest.fixture
def window(open_window: Opener) -> MainWindow:
    return open_window(Role.FINANCE)


@pytest.fixture
def billing(window: MainWindow) -> BillingPage:
    window.go(Destination("billing"))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, BillingPage)
    return page


def rows(guard: SqlGuard, database: Database, model: type) -> list:
    def read() -> list:
        with database.reading() as session:
            found_rows = list(session.execute(select(model).order_by(model.id)).scalars())
            session.expunge_all()
            return found_rows

    return guard.aside(read)


def prepare(billing: BillingPage, qtbot: QtBot, month: str) -> None:
    billing.issue.month.setCurrentText(month)
    qtbot.keyClick(billing.issue.preview, Qt.Key.Key_Space)
    settle(billing.desk)


def test_a_month_is_previewed_family_by_family_then_issued_after_a_confirmation(
    billing: BillingPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    panel = billing.issue
    assert panel.month.currentText() == "février 2026", "the month just over is proposed"
    assert not panel.issue.isEnabled(), "nothing is issued that was not previewed"
    prepare(billing, qtbot, "février 2026")
    assert panel.summary.text() == "2\u00a0factures · 6\u00a0lignes · 60,00\u00a0€"
    assert [(row.family_label, row.total_cents) for row in panel.drafted.model.rows_at_hand()] == [
        ("Zola", 4000),
        ("Éluard", 2000),
    ]
    asked = answer_next_question(NO)
    qtbot.keyClick(panel.issue, Qt.Key.Key_Space)
    assert "60,00\u00a0€" in asked[0]
    assert not rows(sql_guard, town, Invoice)
    answer_next_question(YES)
    qtbot.keyClick(panel.issue, Qt.Key.Key_Space)
    settle(billing.desk)
    issued = rows(sql_guard, town, Invoice)
    assert [(row.label, row.total_cents) for row in issued] == [("AL-1", 4000), ("AL-2", 2000)]
    assert billing.tabs.currentWidget() is billing.invoices
    assert [row.number for row in billing.invoices.list.model.rows_at_hand()] == ["AL-2", "AL-1"]


def test_what_has_no_price_is_shown_and_blocks_until_the_clerk_says_otherwise(
    billing: BillingPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    prepare(billing, qtbot, "mars 2026")
    panel = billing.issue
    assert panel.anomalies.isVisible()
    assert any(row.blocking for row in panel.anomalies.paged.rows)
    assert not panel.issue.isEnabled()
    panel.despite.setChecked(True)
    assert panel.issue.isEnabled()
    answer_next_question(YES)
    qtbot.keyClick(panel.issue, Qt.Key.Key_Space)
    settle(billing.desk)
    assert len(rows(sql_guard, town, Invoice)) == 2


def test_changing_the_period_takes_the_preview_back(billing: BillingPage, qtbot: QtBot) -> None:
    prepare(billing, qtbot, "février 2026")
    assert billing.issue.issue.isEnabled()
    billing.issue.month.setCurrentText("mars 2026")
    assert not billing.issue.issue.isEnabled()
    assert not billing.issue.drafted.isVisible()


def test_a_month_issued_meanwhile_at_another_desk_is_told_and_not_issued_twice(
    billing: BillingPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard, context: Context
) -> None:
    prepare(billing, qtbot, "février 2026")
    other_desk = IssueInvoices(FEBRUARY[0].replace(day=1), FEBRUARY[0].replace(day=28))
    sql_guard.aside(lambda: transaction.run(town, context, invoices.issue, other_desk))
    answer_next_question(YES)
    qtbot.keyClick(billing.issue.issue, Qt.Key.Key_Space)
    settle(billing.desk)
    assert "admin" in billing.issue.error.text()
    assert billing.issue.error.isVisible()
    assert len(rows(sql_guard, town, Invoice)) == 2


def test_an_invoice_is_read_as_it_was_printed(billing: BillingPage, town: Database, issued: None) -> None:
    billing.tabs.setCurrentWidget(billing.invoices)
    billing.invoices.reload()
    settle(billing.desk)
    billing.invoices.list.table.select(1)
    settle(billing.desk)
    assert billing.invoices.pdf.title.text() == "Facture AL-1"
    assert billing.invoices.pdf.document.pageCount() == 1
    text = pdf_text(billing.invoices.pdf.data)
    assert "AL-1" in text
    assert "40,00" in text


def test_the_files_of_a_month_are_written_one_by_one_and_all_in_one(
    billing: BillingPage, window: MainWindow, issued: None, tmp_path: Path
) -> None:
    billing.invoices.reload()
    settle(billing.desk)
    billing.invoices.export_to(tmp_path / "factures")
    settle(billing.desk)
    assert sorted(file.name for file in (tmp_path / "factures").iterdir()) == [
        "AL-1.pdf",
        "AL-2.pdf",
        "factures.pdf",
    ]
    whole = pdf_text((tmp_path / "factures" / "factures.pdf").read_bytes())
    assert whole.index("AL-1") < whole.index("AL-2")
    assert "3\u00a0fichiers" in window.toast.text.text()


def test_a_folder_that_cannot_be_written_is_an_outage_with_a_way_back(
    billing: BillingPage, window: MainWindow, issued: None, tmp_path: Path, qtbot: QtBot
) -> None:
    obstacle = tmp_path / "factures"
    obstacle.write_text("un fichier est là où il faut un dossier", encoding="utf-8")
    billing.invoices.reload()
    settle(billing.desk)
    billing.invoices.export_to(obstacle)
    settle(billing.desk)
    assert window.banner.isVisible()
    obstacle.unlink()
    qtbot.mouseClick(window.banner.action, Qt.MouseButton.LeftButton)
    settle(billing.desk)
    assert (obstacle / "factures.pdf").exists()


@pytest.fixture
def issued(town: Database, sql_guard: SqlGuard, context: Context) -> None:
    """February is issued; March is priced and not invoiced."""
    february = IssueInvoices(FEBRUARY[0].replace(day=1), FEBRUARY[0].replace(day=28))
    march = DraftInvoices(MARCH[0].replace(day=1), MARCH[0].replace(day=31))
    sql_guard.aside(lambda: transaction.run(town, context, invoices.issue, february))
    sql_guard.aside(lambda: transaction.run(town, context, invoices.draft, march))


@pytest.fixture
def payment(window: MainWindow, issued: None, qtbot: QtBot) -> Iterator[PaymentDialog]:
    """The dialog open on Zola's account."""
    window.go(Destination("families"))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, FamiliesPage)
    type_text(page.search, "zola")
    qtbot.waitUntil(lambda: [row.label for row in page.list.model.rows_at_hand()] == ["Zola"])
    page.list.table.select(0)
    settle(window.tools.desk)
    page.view.tabs.setCurrentWidget(page.view.account)
    settle(window.tools.desk)
    qtbot.mouseClick(page.view.account.receive, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    dialog = page.view.account.findChild(PaymentDialog)
    assert dialog is not None
    return dialog


def test_a_payment_is_recorded_allocated_and_seen_on_both_balances(
    payment: PaymentDialog, window: MainWindow, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    page = window.current_page
    assert isinstance(page, FamiliesPage)
    assert page.view.balance[1].text() == "40,00\u00a0€"
    payment.mode.setCurrentText("Chèque")
    type_text(payment.amount, "25,50")
    assert "14,50\u00a0€ à payer" in payment.rest.text()
    type_text(payment.reference, "chq 12")
    qtbot.keyClick(payment.amount, Qt.Key.Key_Return)
    settle(window.tools.desk)
    (paid,) = rows(sql_guard, town, Payment)
    assert (paid.amount_cents, paid.reference, paid.received_on) == (2550, "chq 12", date(2026, 3, 18))
    assert sum(row.amount_cents for row in rows(sql_guard, town, Allocation)) == 2550
    assert page.view.balance[1].text() == "14,50\u00a0€"
    assert "à payer" in page.view.balance[0].text()
    billing = window.page("billing")
    assert isinstance(billing, BillingPage)
    window.go(Destination("billing"))
    settle(window.tools.desk)
    assert [(row.number, row.allocated_cents) for row in billing.payments.model.rows_at_hand()] == [("AL-1", 2550)]
    # The two Wednesdays of March are consumed and not invoiced.
    assert page.view.whole_balance[1].text() == "34,50\u00a0€"


@pytest.mark.parametrize(
    ("typed", "said"), [("12,345", "centimes"), ("douze", "lisible"), ("0", "supérieur à zéro")]
)
def test_a_wrong_amount_is_said_beside_the_field(
    payment: PaymentDialog,
    window: MainWindow,
    qtbot: QtBot,
    town: Database,
    sql_guard: SqlGuard,
    typed: str,
    said: str,
) -> None:
    type_text(payment.amount, typed)
    qtbot.keyClick(payment.amount, Qt.Key.Key_Return)
    settle(window.tools.desk)
    assert said in payment.amount.accessibleDescription()
    assert payment.amount.text() == typed
    assert payment.isVisible()
    assert not rows(sql_guard, town, Payment)


def test_a_cut_base_keeps_the_payment_typed_and_retry_records_it_once(
    payment: PaymentDialog, window: MainWindow, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    type_text(payment.amount, "40")

    def cut(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("server closed the connection unexpectedly"))

    event.listen(town.engine, "before_cursor_execute", cut)
    qtbot.keyClick(payment.amount, Qt.Key.Key_Return)
    qtbot.waitUntil(payment.banner.isVisible)
    assert payment.amount.text() == "40"
    assert not payment.save.isEnabled(), "a second press would not know whether the first arrived"
    event.remove(town.engine, "before_cursor_execute", cut)
    qtbot.mouseClick(payment.banner.action, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    assert [row.amount_cents for row in rows(sql_guard, town, Payment)] == [4000]


def test_the_statement_of_account_is_printed(
    payment: PaymentDialog, window: MainWindow, qtbot: QtBot
) -> None:
    payment.reject()
    page = window.current_page
    assert isinstance(page, FamiliesPage)
    qtbot.mouseClick(page.view.account.print, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    dialog = page.view.account.findChild(PdfDialog)
    assert dialog is not None
    text = pdf_text(dialog.pdf.data)
    assert "AL-1" in text
    assert "40,00" in text


def test_a_year_s_attestations_are_issued_read_and_kept_in_the_register(
    payment: PaymentDialog, window: MainWindow, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    type_text(payment.amount, "40")
    qtbot.keyClick(payment.amount, Qt.Key.Key_Return)
    settle(window.tools.desk)
    window.go(Destination("attestations"))
    page = window.current_page
    assert isinstance(page, AttestationsPage)
    page.year.setCurrentText("2026")
    settle(window.tools.desk)
    assert [(row.family_label, row.eligible_cents) for row in page.people.paged.rows] == [("Zola", 4000)]
    answer_next_question(YES)
    qtbot.mouseClick(page.issue_all, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    (attestation,) = rows(sql_guard, town, Attestation)
    assert attestation.amount_cents == 4000
    assert not page.issue_all.isEnabled(), "asked again, nothing new would come"
    assert "40,00" in pdf_text(page.pdf.data)
    page.tabs.setCurrentWidget(page.register)
    assert [row.number for row in page.register.model.rows_at_hand()] == ["AF-1"]


def test_an_agent_reads_invoices_but_neither_issues_nor_receives(
    open_window: Callable[..., MainWindow], issued: None
) -> None:
    window = open_window(Role.AGENT)
    window.go(Destination("billing"))
    page = window.current_page
    assert isinstance(page, BillingPage)
    assert page.tabs.currentWidget() is page.invoices
    assert page.issue.isHidden()
    assert page.invoices.receive.isHidden()
    assert "attestations" not in window.entries
    families = window.page("families")
    assert isinstance(families, FamiliesPage)
    assert families.view.account.receive.isHidden()
