"""« Paramètres », what the town offers: deadlines, tariffs, the desk's rules, portals, typed and saved with the keyboard."""

from datetime import date, time
from pathlib import Path

import pytest

from guichet.models.database import Database
from guichet.rules.deadline_words import describe_rule
from guichet.rules.tariffs import TariffMethod
from guichet.services import (
    activity_settings,
    deadlines_settings,
    portal_settings,
    tariff_list,
    tariff_settings,
    town_settings,
    transaction,
)
from guichet.services.tariff_list import TariffRow, TariffValues
from guichet.services.tariff_settings import SaveTariff
from guichet.services.transaction import Context
from guichet.ui.screenshots import settle
from guichet.ui.widgets.settings_deadlines import DeadlinesSection
from guichet.ui.widgets.settings_desk import DeskSection
from guichet.ui.widgets.settings_portals import PortalsSection
from guichet.ui.widgets.settings_tariffs import TariffsSection
from guichet.ui.window import MainWindow
from tests.ui.settings_support import add_wednesday, as_administrator, save_by_key, shown, type_date
from tests.ui.support import Opener, SqlGuard, type_text


@pytest.fixture
def window(open_window: Opener) -> MainWindow:
    return as_administrator(open_window)


@pytest.fixture
def wednesday(town: Database, sql_guard: SqlGuard) -> int:
    return add_wednesday(town, sql_guard)


def test_a_deadline_is_set_in_words_with_its_example(
    wednesday: int, window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = shown(window, "deadlines").section
    assert isinstance(section, DeadlinesSection)
    section.table.select(0)
    section.kind.setCurrentIndex(section.kind.findData("week_before"))
    section.weekday.setCurrentIndex(3)
    assert not section.days.isVisibleTo(section)
    save_by_key(window, section.kind)
    assert "heure limite" in section.at.accessibleDescription()
    type_text(section.at, "13h")
    type_date(section.example_day, "08/04/2026")
    assert section.example.text() == "Pour le mercredi 08/04/2026\u00a0: jusqu’au jeudi 02/04/2026 à 13:00"
    save_by_key(window, section.at)
    chosen = section.table.current_row()
    assert chosen is not None
    assert describe_rule(chosen.rules.book) == "jeudi 13:00 de la semaine précédente"
    rules = sql_guard.aside(lambda: transaction.read(town, context, deadlines_settings.read_deadlines, None))
    assert rules.activities[0].rules.book.at == time(13)


def test_a_deadline_of_working_days_counts_the_days_it_is_told_to(wednesday: int, window: MainWindow) -> None:
    section = shown(window, "deadlines").section
    assert isinstance(section, DeadlinesSection)
    section.table.select(0)
    section.kind.setCurrentIndex(section.kind.findData("working_days"))
    type_text(section.days, "3")
    section.count_request_day.setChecked(True)
    section.count_service_day.setChecked(True)
    type_date(section.example_day, "20/03/2026")
    assert (
        section.example.text()
        == "Pour le vendredi 20/03/2026\u00a0: jusqu’au mercredi 18/03/2026 fin de journée"
    )
    section.count_service_day.setChecked(False)
    assert "mardi 17/03/2026" in section.example.text()


def test_the_desk_s_rules_fields_and_activities_are_saved_each_in_its_tab(
    wednesday: int, window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = shown(window, "desk").section
    assert isinstance(section, DeskSection)
    section.answer_days.selectAll()
    type_text(section.answer_days, "99")
    save_by_key(window, section.answer_days)
    assert section.answer_days.property("invalid") is True
    section.answer_days.selectAll()
    type_text(section.answer_days, "5")
    section.prepaid_floor.selectAll()
    type_text(section.prepaid_floor, "-20")
    save_by_key(window, section.answer_days)
    section.tabs.setCurrentWidget(section.policies)
    place = section.policy_table.table.paged.position("responsable.email")
    assert place is not None
    section.policy_table.table.select(place)
    section.policy_table.choice.setCurrentIndex(section.policy_table.choice.findData("counter"))
    save_by_key(window, section.policy_table.choice)
    rules = sql_guard.aside(lambda: transaction.read(town, context, town_settings.read_desk_rules, None))
    assert (rules.answer_days, rules.prepaid_floor_cents) == (5, -2000)
    assert rules.field_policies == {"responsable.email": "counter"}
    section.tabs.setCurrentWidget(section.activities)
    section.table.select(0)
    section.boxes["immediate"].setChecked(True)
    save_by_key(window, section.boxes["immediate"])
    [row] = sql_guard.aside(lambda: transaction.read(town, context, activity_settings.list_activities, None))
    assert row.rules.immediate
    assert not window.tools.drafts.pending


def test_a_tariff_by_brackets_is_typed_with_its_examples(
    wednesday: int, window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    section = tariffs_section(window)
    section.add.click()
    type_text(section.name_field, "Journée par quotient")
    section.method.setCurrentIndex(section.method.findText("Tranches de quotient"))
    type_date(section.valid_from, "01/09/2026")
    type_text(section.brackets.prices[0], "4,10")
    section.brackets.add.click()
    type_text(section.brackets.starts[1], "700")
    assert "Tranche 2" in section.examples.text()
    type_text(section.brackets.prices[1], "9,9")
    assert "QF 300\u00a0: 4,10\u00a0€" in section.examples.text()
    assert "QF 800\u00a0: 9,90\u00a0€" in section.examples.text()
    assert "Sans quotient\u00a0: 9,90\u00a0€" in section.examples.text()
    save_by_key(window, section.name_field)
    [row] = tariffs_of(town, context, sql_guard)
    assert row.values.brackets == ((0, 700, 410), (700, None, 990))
    assert row.values.valid_from == date(2026, 9, 1)
    assert section.card.title.text() == "Journée par quotient (mercredi-2026)"
    assert not window.tools.drafts.pending


def test_a_tariff_is_followed_by_its_next_version(
    wednesday: int, window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard
) -> None:
    values = TariffValues("Journée", wednesday, TariffMethod.SINGLE, date(2025, 9, 1), amount_cents=415)
    sql_guard.aside(lambda: transaction.run(town, context, tariff_settings.save_tariff, SaveTariff(values)))
    section = tariffs_section(window)
    section.table.select(0)
    section.follow.click()
    assert section.valid_from.value == date(2026, 4, 1)
    type_date(section.amount, "4,50")
    save_by_key(window, section.amount)
    rows = tariffs_of(town, context, sql_guard)
    assert [(row.values.amount_cents, row.values.valid_from, row.values.valid_until) for row in rows] == [
        (450, date(2026, 4, 1), date(9999, 12, 31)),
        (415, date(2025, 9, 1), date(2026, 3, 31)),
    ]


def tariffs_section(window: MainWindow) -> TariffsSection:
    section = shown(window, "tariffs").section
    assert isinstance(section, TariffsSection)
    return section


def tariffs_of(database: Database, context: Context, guard: SqlGuard) -> tuple[TariffRow, ...]:
    found: tuple[TariffRow, ...] = guard.aside(
        lambda: transaction.read(database, context, tariff_list.list_tariffs, None).tariffs
    )
    return found


def test_a_portal_is_tried_as_typed_and_saved(
    window: MainWindow, town: Database, context: Context, sql_guard: SqlGuard, tmp_path: Path
) -> None:
    section = shown(window, "portals").section
    assert isinstance(section, PortalsSection)
    section.add.click()
    type_text(section.code, "famille")
    type_text(section.address, str(tmp_path / "absent"))
    section.try_link.click()
    settle(window.tools.desk)
    assert section.tried.text().startswith("✗ Le dossier d’échange")
    type_date(section.address, str(tmp_path))
    section.try_link.click()
    settle(window.tools.desk)
    assert section.tried.text() == "✓ Le dossier se lit et s’écrit depuis ce poste."
    save_by_key(window, section.code)
    [portal] = sql_guard.aside(lambda: transaction.read(town, context, portal_settings.list_portals, None))
    assert (portal.code, portal.folder, portal.address) == ("famille", True, str(tmp_path))
