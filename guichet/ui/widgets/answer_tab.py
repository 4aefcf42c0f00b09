"""What the family reads: the answer that each decision would send, and those that left or are about to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QVBoxLayout, QWidget

from guichet.rules.requests import Act
from guichet.rules.text import format_instant
from guichet.services import answer_letters
from guichet.services.answer_letters import Letter, PreviewQuery, Wording
from guichet.services.request_detail import RequestDetail
from guichet.ui.page import Tools
from guichet.ui.tables import State
from guichet.ui.theme import Tone
from guichet.ui.tokens import Space
from guichet.ui.widgets.fields import text_label
from guichet.ui.wording import NBSP, REQUEST_STATES, labelled

WAITABLE = ("bookings", "enrolment")
PREVIEWS = {
    Wording.ACCEPT: "Si j’accepte ce qui est coché (A)",
    Wording.WAIT: "Si je mets en liste d’attente (L)",
    Wording.REFUSE: "Si je refuse (R)",
    Wording.COMPLEMENT: "Si je demande un complément (C)",
}
PREVIEW = State("?", "Aperçu de ce qui partirait\u00a0: rien n’est encore envoyé", Tone.WHITE)
SENDING = {
    "queued": State("A", "En attente d’envoi", Tone.BLUE),
    "sent": State("✓", "Envoyée", Tone.GREEN),
    "withdrawn": State("×", "Retirée", Tone.GREY),
    "failed": State("!", "En échec", Tone.RED),
}


@dataclass(frozen=True)
class Written:
    """What is being written in the decision bar: the refusal's code and words, the complement's question."""

    wording: Wording | None = None
    code: str = ""
    text: str = ""

    @classmethod
    def of(cls, panel: str, values: Mapping[str, Any]) -> "Written":
        """From the panel open in the bar (« refuse », « complement », else nothing) and its values."""
        if panel == "refuse":
            return cls(Wording.REFUSE, values.get("code", ""), values.get("text", ""))
        if panel == "complement":
            return cls(Wording.COMPLEMENT, text=values.get("question", ""))
        return cls()


@dataclass(frozen=True)
class _Line:
    title: str
    state: State | None
    when: str = ""
    wording: Wording | None = None
    letter: Letter | None = None


class AnswerTab(QWidget):
    """A choice of answers, the words of the one chosen below. A preview is read when it is looked at."""

    def __init__(self, tools: Tools, parent: QWidget) -> None:
        super().__init__(parent)
        self._tools = tools
        self._detail: RequestDetail | None = None
        self._ticked: tuple[int, ...] = ()
        self._written = Written()
        self._shown: list[_Line] = []
        self.choice = QComboBox(self)
        self.choice.setAccessibleName("Réponse à lire")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(20)
        self.state = text_label("", "muted", self, wrap=True)
        self.subject = text_label("", "section", self, wrap=True)
        self.letter = QPlainTextEdit(self)
        self.letter.setReadOnly(True)
        self.letter.setTabChangesFocus(True)
        self.letter.setAccessibleName("Ce que la famille lira")
        self.letter.setMinimumHeight(self.fontMetrics().height() * 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, Space.SMALL, 0, 0)
        for each in (self.choice, self.state, self.subject):
            layout.addWidget(each)
        layout.addWidget(self.letter, 1)
        self.choice.currentIndexChanged.connect(self._show_chosen)

    def show_detail(self, detail: RequestDetail, ticked: tuple[int, ...], written: Written) -> None:
        """Follow the request, what is ticked in it and what is being written about it."""
        same = self._detail is not None and self._detail.request_id == detail.request_id
        if same and (detail, ticked, written) == (self._detail, self._ticked, self._written):
            return
        another = not same or written.wording is not self._written.wording
        before = self._chosen()
        self._detail, self._ticked, self._written = detail, ticked, written
        self._shown = self._lines(detail)
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(
            [" · ".join(part for part in (one.title, one.when) if part) for one in self._shown]
        )
        wanted = written.wording if another and written.wording is not None else None
        if wanted is None and not another and before is not None:
            wanted = before.wording
        self.choice.setCurrentIndex(
            next((place for place, one in enumerate(self._shown) if one.wording is wanted), 0)
            if wanted is not None
            else min(0, len(self._shown) - 1)
        )
        self.choice.blockSignals(False)
        self._show_chosen()

    def _chosen(self) -> _Line | None:
        place = self.choice.currentIndex()
        return self._shown[place] if 0 <= place < len(self._shown) else None

    def _lines(self, detail: RequestDetail) -> list[_Line]:
        lines = []
        for wording, title in PREVIEWS.items():
            possible = Act.ASK_COMPLEMENT if wording is Wording.COMPLEMENT else Act.DECIDE
            if possible not in detail.can or (wording is Wording.WAIT and detail.kind not in WAITABLE):
                continue
            lines.append(_Line(title, PREVIEW, wording=wording))
        sent = [
            _Line(
                labelled(REQUEST_STATES, answer.status) or answer.letter.subject,
                SENDING.get(answer.state),
                format_instant(answer.sent_at or answer.leaves_at),
                letter=answer.letter,
            )
            for answer in reversed(detail.answers)
        ]
        return [*lines, *sent]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_chosen()

    def _show_chosen(self) -> None:
        line, detail = self._chosen(), self._detail
        self.state.setText(line.state.label if line is not None and line.state is not None else "")
        if line is None or detail is None:
            self._say("", "Aucune réponse à la famille.")
        elif line.letter is not None:
            self._say(line.letter.subject, line.letter.body)
        elif line.wording is not None and self.isVisible():
            self._read(detail, line.wording)

    def _read(self, detail: RequestDetail, wording: Wording) -> None:
        written = self._written if self._written.wording is wording else Written()
        if wording is not Wording.COMPLEMENT and not self._ticked:
            self._say("", "Rien n’est coché\u00a0: cochez ce que vous décidez.")
            return
        code = (written.code or self._likely) if wording is Wording.REFUSE else ""
        text = written.text if wording in (Wording.REFUSE, Wording.COMPLEMENT) else ""
        query = PreviewQuery(detail.request_id, wording, self._ticked, code, text)
        self._tools.desk.fetch(
            answer_letters.preview,
            query,
            then=self._show_letter,
            key=self,
        )

    @property
    def _likely(self) -> str:
        """The refusal that the rules propose for what is ticked."""
        detail = self._detail
        items = detail.items if detail is not None else ()
        return next(
            (one.verdict_code for one in items if one.item_id in self._ticked and one.verdict_code), ""
        )

    def _show_letter(self, letter: Letter) -> None:
        self._say(letter.subject, letter.body)

    def _say(self, subject: str, body: str) -> None:
        self.subject.setText(f"Objet{NBSP}: {subject}" if subject else "")
        if body != self.letter.toPlainText():
            self.letter.setPlainText(body)
