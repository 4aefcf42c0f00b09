"""Fiscal attestations: a year, who paid what for which child, issuing some or all, and each as it was printed."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from guichet.rules.money import format_euros
from guichet.rules.text import fold, paris_day
from guichet.services import attestation_register, attestation_views, attestations, invoice_files, transaction
from guichet.services.attestation_register import AttestationQuery, AttestationRow
from guichet.services.attestation_views import Standing, YearRow
from guichet.services.attestations import AttestationsResult, IssueAttestations
from guichet.services.invoice_files import WriteFiles
from guichet.services.transaction import Context, OpenedDatabase
from guichet.ui.actions import Action
from guichet.ui.desk import Lane
from guichet.ui.files import Files
from guichet.ui.messages import Question
from guichet.ui.page import Destination, Page, Tools
from guichet.ui.tasks import Task
from guichet.ui.tokens import Space
from guichet.ui.topics import Topic
from guichet.ui.widgets.attestation_columns import REGISTER_COLUMNS, YEAR_COLUMNS
from guichet.ui.widgets.facts import ShortTable
from guichet.ui.widgets.fields import button, choose, text_label
from guichet.ui.widgets.filter_field import FilterField
from guichet.ui.widgets.halves import halves
from guichet.ui.widgets.pdf_view import PdfView
from guichet.ui.widgets.sql_list import SqlList
from guichet.ui.wording import count

YEARS_OFFERED = 6


class AttestationsPage(Page):
    """The year's list and the register on the left, the document on the right.

    `open` takes {"attestation": id} (in the register), or what `here` says: {"tab": "year" | "register", "year": 2025}.
    """

    topics = frozenset({Topic.ATTESTATIONS, Topic.BILLING})

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._rows: tuple[YearRow, ...] = ()
        self._alone: int | None = None
        self.year = QComboBox(self)
        today = paris_day(tools.desk.clock())
        for year in range(today.year, today.year - YEARS_OFFERED, -1):
            self.year.addItem(str(year), year)
        self.year.setCurrentIndex(1)
        self.year.setAccessibleName("Année")
        self.summary = text_label("", "muted", self, wrap=True)
        self.issue_one = button("Délivrer la sélection", self)
        self.issue_one.setToolTip("Délivrer les attestations des lignes choisies, s’il y a lieu")
        self.issue_all = button("Délivrer toutes les attestations…", self, role="primary")
        self.people = ShortTable(
            tools.theme,
            YEAR_COLUMNS,
            "Payeurs et enfants de l’année",
            "Personne n’a payé de garde ouvrant droit cette année-là pour un enfant de moins de six ans.",
            self,
            identity=lambda row: (row.family_id, row.child_id),
        )
        self.register = SqlList[AttestationRow](
            tools,
            attestation_register.search,
            REGISTER_COLUMNS,
            lambda row: row.attestation_id,
            name="Registre des attestations",
            empty="Aucune attestation n’a encore été délivrée.",
            noun="attestation délivrée",
            nouns="attestations délivrées",
            key="attestations.register",
            filter_hint="Numéro, nom ou numéro de famille",
            parent=self,
        )
        self.whole = button("Tout le registre", self, role="link")
        self.whole.hide()
        self.register.head.addWidget(self.whole)
        self.pdf = PdfView(
            tools.theme, tools.messages, "Choisissez une attestation délivrée pour la lire.", self
        )
        self.family = button("Ouvrir la famille", self, role="link")
        self.show_all = button("Lire la sélection", self)
        self.show_all.setToolTip("Réunir les attestations choisies en un document à lire et à imprimer")
        self.export = button("Enregistrer la sélection…", self, tip="Un PDF par attestation, dans un dossier")
        self.tabs = QTabWidget(self)
        self.tabs.setAccessibleName("Attestations")
        self.tabs.setDocumentMode(True)
        self.year_tab = self._year_tab()
        self.tabs.addTab(self.year_tab, "&Délivrer")
        self.tabs.addTab(self.register, "&Registre")
        self._lay_out()
        self._connect()

    def _year_tab(self) -> QWidget:
        tab = QWidget(self)
        self.filter = FilterField("Nom ou numéro de famille, enfant, payeur", "attestations de l’année", tab)
        label = text_label("&Année", "", tab)
        label.setBuddy(self.year)
        head, acts = QHBoxLayout(), QHBoxLayout()
        head.addWidget(label)
        head.addWidget(self.year)
        head.addWidget(self.filter, 1)
        acts.addWidget(self.summary, 1)
        acts.addWidget(self.issue_one)
        acts.addWidget(self.issue_all)
        column = QVBoxLayout(tab)
        column.setContentsMargins(0, Space.MEDIUM, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addLayout(head)
        column.addWidget(self.people, 1)
        column.addLayout(acts)
        return tab

    def _lay_out(self) -> None:
        left, foot = QWidget(self), QHBoxLayout()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, Space.SMALL, 0)
        column.addWidget(self.tabs, 1)
        for widget in (self.family, self.show_all, self.export):
            foot.addWidget(widget)
        foot.insertStretch(1, 1)
        column.addLayout(foot)
        split = halves(Qt.Orientation.Horizontal, left, self.pdf, (3, 2), self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.MEDIUM)
        layout.addWidget(split)

    def _connect(self) -> None:
        self.year.currentIndexChanged.connect(self._year_chosen)
        self.filter.changed.connect(self._filter)
        self.filter.left.connect(self.people.setFocus)
        self.people.current_changed.connect(self._row_chosen)
        self.register.table.current_changed.connect(self._row_chosen)
        self.people.selected_changed.connect(self._enable)
        self.register.table.selected_changed.connect(self._enable)
        self.register.loaded.connect(self._loaded)
        self.tabs.currentChanged.connect(self._tab_chosen)
        self.issue_all.clicked.connect(self._confirm_all)
        self.issue_one.clicked.connect(self._issue_selected)
        self.whole.clicked.connect(self._show_whole)
        self.family.clicked.connect(self._open_family)
        self.show_all.clicked.connect(self._read_selected)
        self.export.clicked.connect(
            lambda: Files.choose_folder(self, "Dossier où enregistrer les attestations", self.export_to)
        )
        self._enable()

    def first_focus(self) -> QWidget:
        return self.register.table if self._in_register else self.people

    def show_example(self) -> None:
        rows = enumerate(self.people.paged.rows_at_hand())
        self.people.select(next((place for place, row in rows if row.attestation_id is not None), 0))

    def reload(self) -> None:
        self.desk.fetch(
            attestation_views.of_year, self.year.currentData(), then=self._show_year, key=(self, "year")
        )
        if self.register.query is None:
            self._ask_register()
        else:
            self.register.reload()

    def open(self, wanted: Any) -> None:
        if not isinstance(wanted, dict):
            return
        if wanted.get("attestation") is not None:
            self.tabs.setCurrentWidget(self.register)
            self._alone = int(wanted["attestation"])
            self._ask_register()
            return
        if "year" in wanted:
            choose(self.year, wanted["year"])
        self.tabs.setCurrentWidget(self.register if wanted.get("tab") == "register" else self.year_tab)
        if self._alone is not None:
            self._show_whole()

    def here(self) -> Any:
        if self._alone is not None:
            return {"attestation": self._alone}
        return {"tab": "register" if self._in_register else "year", "year": self.year.currentData()}

    def crumbs(self) -> tuple[str, ...]:
        return ("Registre",) if self._in_register else (str(self.year.currentData()),)

    def page_actions(self) -> Sequence[Action]:
        return (
            Action("Délivrer toutes les attestations…", self._confirm_all, words="fiscale impôts année"),
            Action("Enregistrer les attestations choisies…", self.export.click, words="pdf dossier exporter"),
        )

    def step_back(self) -> bool:
        if self.pdf.step_back():
            return True
        if self._alone is None:
            return False
        self._show_whole()
        return True

    @property
    def _in_register(self) -> bool:
        return self.tabs.currentWidget() is self.register

    def _year_chosen(self) -> None:
        self.reload()
        self.moved.emit()

    def _tab_chosen(self) -> None:
        self._read()
        self._enable()
        self.moved.emit()

    def _ask_register(self) -> None:
        self.whole.setVisible(self._alone is not None)
        if self._alone is not None:
            self.register.filter.show_text("")
        self.register.ask(AttestationQuery(attestation_id=self._alone))

    def _show_whole(self) -> None:
        self._alone = None
        self._ask_register()
        self.moved.emit()

    def _loaded(self, page: Any) -> None:
        if self._alone is not None and page.rows:
            self.register.table.select(0)

    def _show_year(self, rows: tuple[YearRow, ...]) -> None:
        self._rows = rows
        standings = Counter(row.standing for row in rows)
        waiting = standings[Standing.TO_ISSUE] + standings[Standing.CHANGED]
        total = format_euros(sum(row.eligible_cents for row in rows))
        self.summary.setText(
            f"{count(len(rows), 'attestation')}, {total}, dont {waiting} à délivrer" if rows else ""
        )
        self.issue_all.setEnabled(waiting > 0)
        self._filter()
        if rows and self.people.current_row() is None:
            self.people.select(0)

    def _filter(self) -> None:
        """The year's rows come all at once: they are narrowed here, by every word, without accents nor case."""
        words = fold(self.filter.text()).split()
        self.people.show_rows([row for row in self._rows if all(word in _words(row) for word in words)])

    def _row_chosen(self, *_: object) -> None:
        self._read()
        self._enable()

    def _selected(self) -> tuple[Any, ...]:
        table = self.register.table if self._in_register else self.people
        return table.selected_at_hand()

    def _selected_ids(self) -> tuple[int, ...]:
        return tuple(row.attestation_id for row in self._selected() if row.attestation_id is not None)

    def _enable(self, *_: object) -> None:
        ids = self._selected_ids()
        to_issue = [] if self._in_register else [row for row in self._selected() if _waits(row)]
        self.issue_one.setEnabled(bool(to_issue))
        self.show_all.setEnabled(len(ids) > 1)
        self.export.setEnabled(bool(ids))
        self.family.setEnabled(bool(self._selected()))

    def _read(self) -> None:
        attestation_id, number = self._shown()
        if attestation_id is None:
            self.pdf.clear()
            return

        def show(data: bytes) -> None:
            self.pdf.show_pdf(f"Attestation {number}", data, f"attestation-{number}.pdf")

        self.desk.fetch(attestation_register.pdf, (attestation_id,), then=show, key=(self, "pdf"))

    def _read_selected(self) -> None:
        ids = self._selected_ids()

        def show(data: bytes) -> None:
            self.pdf.show_pdf(count(len(ids), "attestation"), data, "attestations.pdf")

        self.desk.fetch(attestation_register.pdf, ids, then=show, key=(self, "pdf"), lane=Lane.LONG)

    def _shown(self) -> tuple[int | None, str]:
        row: Any = (self.register.table if self._in_register else self.people).current_row()
        return (row.attestation_id, row.number) if row is not None else (None, "")

    def _confirm_all(self) -> None:
        year = self.year.currentData()
        self.messages.ask(
            Question(
                "Délivrer les attestations",
                f"Délivrer toutes les attestations {year} qui manquent ou ont changé\u202f?\n\n"
                "Une attestation délivrée garde son numéro\u202f; une correction donne une nouvelle version.",
                "Délivrer",
            ),
            then=lambda: self._issue([IssueAttestations(year, command_id=str(uuid4()))]),
            parent=self,
        )

    def _issue_selected(self) -> None:
        year = self.year.currentData()
        self._issue(
            [
                IssueAttestations(
                    year, family_id=row.family_id, child_id=row.child_id, command_id=str(uuid4())
                )
                for row in self._selected()
                if _waits(row)
            ]
        )

    def _issue(self, commands: list[IssueAttestations]) -> None:
        self.issue_all.setEnabled(False)
        self.issue_one.setEnabled(False)
        self.desk.start(
            Task("Délivrance des attestations"),
            issue_each,
            tuple(commands),
            changes=frozenset({Topic.ATTESTATIONS}),
            then=self._show_issued,
            settled=self.reload,
        )

    def _show_issued(self, result: AttestationsResult) -> None:
        new = sum(1 for row in result.attestations if row.new)
        self.messages.inform(f"{count(new, 'attestation délivrée', 'attestations délivrées')}")
        if result.problems:
            self.messages.warn(" ".join(result.problems))

    def export_to(self, folder: Path) -> None:
        """Write the attestations chosen, a file each."""
        self.desk.start(
            Task("Écriture des attestations en PDF"),
            _export,
            WriteFiles(self._selected_ids(), folder),
            then=self._exported,
        )

    def _exported(self, files: tuple[Path, ...]) -> None:
        self.messages.inform(f"{count(len(files), 'fichier enregistré', 'fichiers enregistrés')}")

    def _open_family(self) -> None:
        rows = self._selected()
        if rows:
            self.go.emit(Destination("families", rows[0].family_id))


def issue_each(
    database: OpenedDatabase, context: Context, commands: tuple[IssueAttestations, ...], task: Task
) -> AttestationsResult:
    """Issue the attestations of each command in a transaction of its own; stopping leaves the next ones to issue."""
    issued: list[AttestationRow] = []
    problems: list[str] = []
    for done, command in enumerate(commands):
        task.step(done, len(commands))
        result = transaction.run(database, context, attestations.issue, command)
        issued += result.attestations
        problems += result.problems
    return AttestationsResult(tuple(issued), tuple(dict.fromkeys(problems)))


def _export(database: OpenedDatabase, context: Context, command: WriteFiles, task: Task) -> tuple[Path, ...]:
    return invoice_files.write_attestations(database, context, command, task.step)


def _waits(row: YearRow) -> bool:
    return row.standing in (Standing.TO_ISSUE, Standing.CHANGED)


def _words(row: YearRow) -> str:
    return fold(f"{row.family_label} {row.family_number} {row.child} {row.payer}")
