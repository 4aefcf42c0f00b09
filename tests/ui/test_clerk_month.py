"""The finance clerk's month through the real window: preview, issue, read, receive, attest."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from guichet.models.database import Database
from guichet.models.money import Allocation, Attestation, Invoice, Payment
from guichet.rules.permissions import Role
from guichet.services import invoice_drafts, invoices, transaction
from guichet.services.billing_check_rows import Check
from guichet.services.invoice_drafts import DraftInvoices
from guichet.services.invoices import IssueInvoices
from guichet.services.transaction import Context
from guichet.ui.page import Destination
from guichet.ui.pages.attestations import AttestationsPage
from guichet.ui.pages.billing import BillingPage
from guichet.ui.pages.families import FamiliesPage
from guichet.ui.printing import Printers
from guichet.ui.screenshots import settle
from guichet.ui.widgets.account_tab import PdfDialog
from guichet.ui.widgets.facts import Facts
from guichet.ui.widgets.invoice_list import UNPAID
from guichet.ui.widgets.payment_form import PaymentDialog
from guichet.ui.window import MainWindow
from tests.services.billing_town import found
from tests.ui.support import Opener, SqlGuard, answer_next_question, pdf_text, type_text
from tests.ui.test_pdf_view import to_file

YES, NO = True, False
FEBRUARY = [date(2026, 2, day) for day in (4, 11, 18, 25)]
MARCH = [date(2026, 3, day) for day in (4, 11)]


def bill_town(database: Database) -> None:
    """Zola owes four Wednesdays of February at 10 €, Éluard two; Nerval eats at the canteen, which has no price."""
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        for name, days in (("Zola", FEBRUARY), ("Éluard", FEBRUARY[:2])):
            family = town.family(name)
            town.book(town.enrol(family, town.child(family), town.alsh), town.journee, *days, *MARCH)
        nerval = town.family("Nerval")
        town.book(town.enrol(nerval, town.child(nerval), town.canteen), town.repas, MARCH[0])


@pytest.fixture
def base(request: pytest.FixtureRequest) -> Database:
    """An empty base: SQLite unless the test names others."""
    found_base: Database = request.getfixturevalue(getattr(request, "param", "sqlite_database"))
    return found_base


@pytest.fixture
def town(base: Database, sql_guard: SqlGuard) -> Database:
    sql_guard.aside(lambda: bill_town(base))
    return base


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


def choose(billing: BillingPage, month: str) -> None:
    billing.issue.period.month.setCurrentText(month)
    settle(billing.desk)


def check(billing: BillingPage, qtbot: QtBot, month: str) -> None:
    """Choose a month and run its checks, by the keyboard."""
    choose(billing, month)
    qtbot.keyClick(billing.issue.period.next, Qt.Key.Key_Space)
    qtbot.keyClick(billing.issue.checks.launch, Qt.Key.Key_Space)
    settle(billing.desk)


def steps(billing: BillingPage) -> list[str]:
    """What each step says under its title."""
    return [made.text().partition("\n")[2].strip() for made in billing.issue.stepper.buttons]


def found_by_checks(billing: BillingPage) -> dict[Check, int]:
    return {row.check: row.rows for row in billing.issue.checks.checks.paged.rows_at_hand() if row.rows}


@pytest.mark.parametrize("base", ["sqlite_database", "postgresql_database"], indirect=True)
def test_a_month_goes_from_its_period_to_its_envelopes(
    billing: BillingPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    panel = billing.issue
    assert panel.period.month.currentText() == "février 2026", "the month just over is proposed"
    assert steps(billing)[1:4] == ["à lancer", "rien à relire", ""]
    assert not panel.issue.issue.isEnabled(), "nothing is issued that was not priced"
    check(billing, qtbot, "février 2026")
    assert found_by_checks(billing) == {}
    assert steps(billing)[1:4] == [
        "tout est tarifé",
        "2\u00a0factures, 60,00\u00a0€",
        "2\u00a0factures à émettre",
    ]
    qtbot.keyClick(panel.checks.next, Qt.Key.Key_Space)
    settle(billing.desk)
    assert [(row.family_label, row.total_cents) for row in panel.preview.list.model.rows_at_hand()] == [
        ("Zola", 4000),
        ("Éluard", 2000),
    ]
    assert panel.preview.list.counted.text().startswith(
        "2\u00a0factures à émettre · 6\u00a0lignes · 60,00\u00a0€"
    )
    qtbot.keyClick(panel.preview.next, Qt.Key.Key_Space)
    asked = answer_next_question(False)
    qtbot.keyClick(panel.issue.issue, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bool(asked))
    assert "60,00\u00a0€" in asked[0]
    settle(billing.desk)
    assert not rows(sql_guard, town, Invoice)
    answer_next_question(True)
    qtbot.keyClick(panel.issue.issue, Qt.Key.Key_Space)
    qtbot.waitUntil(panel.issue.report.isVisible)
    settle(billing.desk)
    issued = rows(sql_guard, town, Invoice)
    assert [(row.label, row.total_cents) for row in issued] == [("AL-1", 4000), ("AL-2", 2000)]
    assert steps(billing)[3:] == ["2\u00a0émises", "0 par courriel, 2 sur papier"]
    assert not panel.issue.issue.isEnabled(), "once is enough"
    qtbot.keyClick(panel.issue.next, Qt.Key.Key_Space)
    assert panel.step == "sending"


def test_each_line_of_the_preview_says_why_it_costs_what_it_costs(billing: BillingPage, qtbot: QtBot) -> None:
    check(billing, qtbot, "février 2026")
    billing.issue.show_step("preview")
    settle(billing.desk)
    preview = billing.issue.preview
    preview.list.table.select(0)
    settle(billing.desk)
    assert preview.lines.model.total == 4
    assert preview.story.about.text() == "Journée, 04/02/2026\u00a0: 10,00\u00a0€"
    assert "Tarif «\u00a0Tarif ALSH mercredi\u00a0», prix unique." in preview.story.text.text()


def test_steps_are_walked_by_keys_and_say_where_they_stand(billing: BillingPage, qtbot: QtBot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    panel = billing.issue
    panel.period.month.setFocus()
    qtbot.keyClick(panel.period.month, Qt.Key.Key_PageDown, control)
    qtbot.waitUntil(lambda: panel.step == "checks")
    assert panel.checks.isVisible()
    qtbot.keyClick(panel.checks.launch, Qt.Key.Key_PageDown, control)
    qtbot.waitUntil(lambda: panel.step == "preview")
    qtbot.keyClick(panel.preview.list.table, Qt.Key.Key_PageUp, control)
    qtbot.waitUntil(lambda: panel.step == "checks")
    settle(billing.desk)
    said = panel.stepper.buttons[1].accessibleName()
    assert said == "Étape 2 sur 5, Contrôles, à lancer, étape affichée"
    assert billing.step_back()
    assert panel.step == "period"
    assert not billing.step_back(), "nothing is left to close"


def test_a_clerk_who_comes_back_finds_the_month_where_it_stood(
    billing: BillingPage, qtbot: QtBot, open_window: Opener
) -> None:
    check(billing, qtbot, "février 2026")
    billing.issue.show_step("preview")
    place = billing.here()
    again = open_window(Role.FINANCE)
    again.go(Destination("billing", place))
    settle(again.tools.desk)
    page = again.current_page
    assert isinstance(page, BillingPage)
    assert page.issue.step == "preview"
    assert steps(page)[1:3] == ["tout est tarifé", "2\u00a0factures, 60,00\u00a0€"]
    assert page.issue.preview.list.model.total == 2
    page.issue.show_step("issue")
    assert page.issue.issue.issue.isEnabled(), "what was priced yesterday can be issued today"


def test_what_has_no_price_is_shown_and_blocks_until_the_clerk_says_otherwise(
    billing: BillingPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard, window: MainWindow
) -> None:
    check(billing, qtbot, "mars 2026")
    panel = billing.issue
    assert found_by_checks(billing)[Check.NO_TARIFF] == 1
    first = panel.checks.checks.current_row()
    assert first is not None
    assert first.check is Check.NO_TARIFF, "what blocks comes first"
    assert [row.family_label for row in panel.checks.rows.model.rows_at_hand()] == ["Nerval"]
    assert steps(billing)[1] == "1\u00a0prestation sans prix"
    panel.show_step("issue")
    assert not panel.issue.issue.isEnabled()
    panel.issue.despite.setChecked(True)
    assert panel.issue.issue.isEnabled()
    answer_next_question(True)
    qtbot.keyClick(panel.issue.issue, Qt.Key.Key_Space)
    qtbot.waitUntil(panel.issue.report.isVisible)
    settle(billing.desk)
    assert len(rows(sql_guard, town, Invoice)) == 2
    assert "Aucun tarif" in panel.issue.problems.text()
    panel.show_step("checks")
    settle(billing.desk)
    panel.checks.rows.table.select(0)
    qtbot.keyClick(panel.checks.rows.table, Qt.Key.Key_Return)
    settle(billing.desk)
    assert window.current_name == "families"


def test_a_family_held_out_with_a_reason_is_not_invoiced_and_stays_so_after_a_restart(
    billing: BillingPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    check(billing, qtbot, "février 2026")
    billing.issue.show_step("preview")
    settle(billing.desk)
    preview = billing.issue.preview
    preview.list.table.select(0)
    settle(billing.desk)
    qtbot.keyClick(preview.hold, Qt.Key.Key_Space)
    assert preview.error.isVisible(), "a reason is asked for"
    type_text(preview.reason, "litige")
    qtbot.keyClick(preview.reason, Qt.Key.Key_Return)
    settle(billing.desk)
    assert [row.held for row in preview.list.model.rows_at_hand()] == [True, False]
    assert "1\u00a0mise de côté" in preview.list.counted.text()
    assert steps(billing)[2] == "1\u00a0facture, 20,00\u00a0€"
    billing.issue.show_step("issue")
    assert "Zola (litige)" in billing.issue.issue.held.text()
    answer_next_question(True)
    qtbot.keyClick(billing.issue.issue.issue, Qt.Key.Key_Space)
    qtbot.waitUntil(billing.issue.issue.report.isVisible)
    settle(billing.desk)
    assert [row.total_cents for row in rows(sql_guard, town, Invoice)] == [2000]


def test_the_preview_keeps_what_a_check_concerns(billing: BillingPage, qtbot: QtBot) -> None:
    check(billing, qtbot, "février 2026")
    billing.open({"tab": "issue", "step": "preview", "anomaly": Check.NO_QUOTIENT.value})
    settle(billing.desk)
    assert billing.issue.preview.list.model.total == 0
    billing.issue.preview.show_anomaly("")
    settle(billing.desk)
    assert billing.issue.preview.list.model.total == 2


def test_a_month_issued_meanwhile_at_another_desk_is_told_and_not_issued_twice(
    billing: BillingPage, qtbot: QtBot, town: Database, sql_guard: SqlGuard, context: Context
) -> None:
    check(billing, qtbot, "février 2026")
    billing.issue.show_step("issue")
    other_desk = IssueInvoices(FEBRUARY[0].replace(day=1), FEBRUARY[0].replace(day=28))
    sql_guard.aside(lambda: transaction.run(town, context, invoices.issue, other_desk))
    answer_next_question(True)
    qtbot.keyClick(billing.issue.issue.issue, Qt.Key.Key_Space)
    qtbot.waitUntil(billing.issue.issue.error.isVisible)
    settle(billing.desk)
    assert "admin" in billing.issue.issue.error.text()
    assert steps(billing)[3] == "2\u00a0émises", "the base says so at once"
    assert len(rows(sql_guard, town, Invoice)) == 2


def test_issued_invoices_are_written_by_the_way_they_leave_and_it_is_remembered(
    billing: BillingPage, issued: None, tmp_path: Path
) -> None:
    billing.issue.reload()
    billing.issue.show_step("sending")
    settle(billing.desk)
    sending = billing.issue.sending
    assert (sending.email.counted.text(), sending.paper.counted.text()) == (
        "0\u00a0facture",
        "2\u00a0factures",
    )
    assert not sending.email.each.isEnabled()
    sending.write(sending.paper, tmp_path / "un", merged=False)
    settle(billing.desk)
    assert sorted(file.name for file in (tmp_path / "un").iterdir()) == ["AL-1.pdf", "AL-2.pdf"]
    sending.write(sending.paper, tmp_path / "tout", merged=True)
    settle(billing.desk)
    (whole,) = (tmp_path / "tout").iterdir()
    text = pdf_text(whole.read_bytes())
    assert text.index("AL-1") < text.index("AL-2")
    assert "2\u00a0factures enregistrées en PDF, par camille" in sending.done.text()
    assert steps(billing)[4] == "0 par courriel, 2 sur papier"
    assert billing.issue.stepper.buttons[4].text().startswith("✓")


def test_the_envelopes_are_printed_by_the_system(
    billing: BillingPage, qtbot: QtBot, issued: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    billing.issue.reload()
    billing.issue.show_step("sending")
    settle(billing.desk)
    monkeypatch.setattr(Printers, "asker", staticmethod(to_file(tmp_path / "papier.pdf")))
    sending = billing.issue.sending
    qtbot.keyClick(sending.paper.print, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "imprimée" in sending.done.text(), timeout=30_000)
    assert len(PdfReader(tmp_path / "papier.pdf").pages) == 2


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


def test_the_files_of_the_invoices_listed_are_written(
    billing: BillingPage, window: MainWindow, issued: None, tmp_path: Path
) -> None:
    billing.invoices.reload()
    settle(billing.desk)
    billing.invoices.export_to(tmp_path / "factures")
    settle(billing.desk)
    assert sorted(file.name for file in (tmp_path / "factures").iterdir()) == ["AL-1.pdf", "AL-2.pdf"]
    assert "2\u00a0fichiers" in window.toast.text.text()


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
    assert (obstacle / "AL-2.pdf").exists()


def test_an_invoice_opened_from_elsewhere_stands_alone_with_its_lines_explained(
    billing: BillingPage, window: MainWindow, town: Database, sql_guard: SqlGuard, issued: None
) -> None:
    second = rows(sql_guard, town, Invoice)[1]
    window.go(Destination("billing", {"invoice": second.id}))
    settle(billing.desk)
    assert [row.number for row in billing.invoices.list.model.rows_at_hand()] == ["AL-2"]
    assert billing.invoices.pdf.title.text() == "Facture AL-2"
    assert [row.amount_cents for row in billing.invoices.lines.paged.rows_at_hand()] == [1000, 1000]
    assert "prix unique" in billing.invoices.story.text.text()
    assert billing.crumbs() == ("Factures émises", "Facture AL-2")
    assert billing.here()["invoice"] == second.id
    assert billing.step_back(), "back to all the invoices"
    settle(billing.desk)
    assert billing.invoices.list.model.total == 2
    billing.invoices.list.table.select(0)
    billing.invoices.family.click()
    settle(billing.desk)
    assert window.current_name == "families"


def test_what_is_still_owed_is_listed_with_its_totals_and_its_lateness(
    billing: BillingPage, town: Database, sql_guard: SqlGuard, context: Context
) -> None:
    late = IssueInvoices(
        FEBRUARY[0].replace(day=1),
        FEBRUARY[0].replace(day=28),
        issued_on=date(2026, 3, 1),
        due_on=date(2026, 3, 8),
    )
    sql_guard.aside(lambda: transaction.run(town, context, invoices.issue, late))
    billing.open(UNPAID)
    billing.reload()
    settle(billing.desk)
    first = billing.invoices.list.model.row_at(0)
    assert first is not None
    assert first.late_days(date(2026, 3, 18)) == 10
    assert "60,00\u00a0€ · reste dû 60,00\u00a0€" in billing.invoices.list.counted.text()
    billing.open({"tab": "invoices", "standing": "paid"})
    settle(billing.desk)
    assert billing.invoices.list.model.total == 0


@pytest.fixture
def issued(town: Database, sql_guard: SqlGuard, context: Context) -> None:
    """February is issued; March is priced and not invoiced."""
    february = IssueInvoices(FEBRUARY[0].replace(day=1), FEBRUARY[0].replace(day=28))
    march = DraftInvoices(MARCH[0].replace(day=1), MARCH[0].replace(day=31))
    sql_guard.aside(lambda: transaction.run(town, context, invoices.issue, february))
    sql_guard.aside(lambda: transaction.run(town, context, invoice_drafts.draft, march))


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
    billing.tabs.setCurrentWidget(billing.payments)
    settle(billing.desk)
    assert [(row.number, row.allocated_cents) for row in billing.payments.list.model.rows_at_hand()] == [
        ("AL-1", 2550)
    ]
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
    assert [(row.family_label, row.eligible_cents) for row in page.people.paged.rows_at_hand()] == [
        ("Zola", 4000)
    ]
    answer_next_question(True)
    qtbot.mouseClick(page.issue_all, Qt.MouseButton.LeftButton)
    settle(window.tools.desk)
    (attestation,) = rows(sql_guard, town, Attestation)
    assert attestation.amount_cents == 4000
    assert not page.issue_all.isEnabled(), "asked again, nothing new would come"
    assert "40,00" in pdf_text(page.pdf.data)
    page.tabs.setCurrentWidget(page.register)
    assert [row.number for row in page.register.model.rows_at_hand()] == ["AF-1"]


def test_a_payment_is_read_in_full_and_cancelled_for_a_reason(
    payment: PaymentDialog, window: MainWindow, qtbot: QtBot, town: Database, sql_guard: SqlGuard
) -> None:
    type_text(payment.amount, "25")
    qtbot.keyClick(payment.amount, Qt.Key.Key_Return)
    settle(window.tools.desk)
    (paid,) = rows(sql_guard, town, Payment)
    window.go(Destination("billing", {"payment": paid.id}))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, BillingPage)
    shown = page.payments
    allocations = shown.allocations.paged.rows_at_hand()
    assert {row.invoice for row in allocations} == {"AL-1"}
    assert sum(row.amount_cents for row in allocations) == 2500
    assert page.crumbs() == ("Règlements", "Règlement AL-1")
    qtbot.keyClick(shown.cancel, Qt.Key.Key_Space)
    assert "motif" in shown.reason.accessibleDescription()
    type_text(shown.reason, "chèque impayé")
    asked = answer_next_question(True)
    qtbot.keyClick(shown.cancel, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: bool(asked))
    assert "25,00\u00a0€" in asked[0]
    settle(window.tools.desk)
    assert [row.amount_cents for row in rows(sql_guard, town, Payment)] == [2500, -2500]
    assert sum(row.amount_cents for row in rows(sql_guard, town, Allocation)) == 0
    assert shown.cancel.isHidden(), "once is enough"
    assert any(said.startswith("Annulé par") and said.endswith("AL-2") for said in details(shown.facts))


def details(facts: Facts) -> list[str]:
    """The pairs shown, as they are heard."""
    return [label.accessibleName() for label in facts.findChildren(QLabel) if label.accessibleName()]


def test_attestations_are_found_by_family_issued_by_selection_and_written_to_a_folder(
    payment: PaymentDialog, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    type_text(payment.amount, "40")
    qtbot.keyClick(payment.amount, Qt.Key.Key_Return)
    settle(window.tools.desk)
    window.go(Destination("attestations", {"tab": "year", "year": 2026}))
    settle(window.tools.desk)
    page = window.current_page
    assert isinstance(page, AttestationsPage)
    type_text(page.filter, "eluard")
    qtbot.waitUntil(lambda: page.people.paged.total == 0)
    page.filter.clear()
    type_text(page.filter, "ZOLA")
    qtbot.waitUntil(lambda: page.people.paged.total == 1)
    page.people.select(0)
    assert not page.export.isEnabled(), "nothing is issued yet"
    qtbot.keyClick(page.issue_one, Qt.Key.Key_Space)
    settle(window.tools.desk)
    page.people.select(0)
    settle(window.tools.desk)
    page.export_to(tmp_path / "impots")
    settle(window.tools.desk)
    (written,) = (tmp_path / "impots").iterdir()
    assert written.name == "attestation-2026-AF-1.pdf"
    assert "40,00" in pdf_text(written.read_bytes())
    row = page.people.current_row()
    window.go(Destination("attestations", {"attestation": row.attestation_id}))
    settle(window.tools.desk)
    assert [one.number for one in page.register.model.rows_at_hand()] == ["AF-1"]
    assert page.pdf.title.text() == "Attestation AF-1"
    assert page.here() == {"attestation": row.attestation_id}


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


def test_the_home_page_says_what_the_month_would_bill_and_opens_it(
    window: MainWindow, billing: BillingPage, qtbot: QtBot
) -> None:
    window.go(Destination("home"))
    settle(window.tools.desk)
    tile = window.page("home").tiles["to_bill"]  # type: ignore[attr-defined]
    assert (tile.number.text(), tile.detail.text()) == (
        "0",
        "février\u00a02026, 6\u00a0prestations sans prix",
    )
    tile.click()
    settle(window.tools.desk)
    assert billing.issue.step == "checks"
    check(billing, qtbot, "février 2026")
    window.go(Destination("home"))
    settle(window.tools.desk)
    assert (tile.number.text(), tile.detail.text()) == ("2", "février\u00a02026, 60,00\u00a0€")
    tile.click()
    settle(window.tools.desk)
    assert billing.issue.step == "preview"
    assert billing.issue.preview.list.model.total == 2
