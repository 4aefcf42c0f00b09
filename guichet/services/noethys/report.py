"""What came from a Noethys file, what did not, and why: counted for every kind of row, named row by row."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KIND_LABELS: Mapping[str, str] = {
    "organisateur": "Organisateur",
    "individus": "Personnes",
    "familles": "Familles",
    "rattachements": "Rattachements aux familles",
    "liens": "Liens et autorisations",
    "quotients": "Quotients familiaux",
    "mandats": "Mandats de prélèvement",
    "ecoles": "Écoles",
    "scolarite": "Scolarités",
    "problemes_sante": "Informations de santé",
    "types_pieces": "Types de pièces",
    "pieces": "Pièces",
    "vacances": "Vacances",
    "jours_feries": "Jours fériés",
    "factures_regies": "Régies",
    "activites": "Activités",
    "groupes": "Groupes",
    "unites": "Unités de consommation",
    "unites_incompat": "Incompatibilités d’unités",
    "unites_remplissage": "Unités de remplissage",
    "unites_remplissage_unites": "Unités rattachées au remplissage",
    "remplissage": "Places par jour",
    "ouvertures": "Ouvertures",
    "tarifs": "Tarifs",
    "tarifs_lignes": "Lignes de tarifs",
    "inscriptions": "Inscriptions",
    "consommations": "Consommations",
    "prestations": "Prestations",
    "deductions": "Déductions",
    "factures": "Factures",
    "reglements": "Règlements",
    "ventilation": "Ventilations",
    "depots": "Dépôts",
}
"""The kinds of rows that are transferred, in the order of the report; each is a table of Noethys."""


@dataclass(frozen=True)
class LeftOut:
    """A row that did not come, and why. `amount_cents` is what it was worth, where it was money."""

    kind: str
    key: str
    reason: str
    amount_cents: int | None = None


@dataclass(frozen=True)
class Note:
    """A row that came with something changed, completed or dropped, said in a sentence."""

    kind: str
    key: str
    text: str


@dataclass(frozen=True)
class KindCount:
    """The account of one kind: read = imported + already + left_out, always.

    `already` came by an earlier transfer; `changed` of those differ in the file since; `gone` came earlier and are no
    longer in the file.
    """

    kind: str
    label: str
    read: int
    imported: int
    already: int
    left_out: int
    changed: int = 0
    gone: int = 0


@dataclass(frozen=True)
class FamilyBalance:
    """A family's two balances in cents, as the file gives them and as the base now gives them.

    `invoiced` = invoices − credit notes − payments; `with_uninvoiced` = charges − payments, which is what Noethys
    calls the balance. Positive: the family owes.
    """

    number: str
    invoiced_in_file_cents: int
    invoiced_cents: int
    with_uninvoiced_in_file_cents: int
    with_uninvoiced_cents: int

    @property
    def agrees(self) -> bool:
        return (
            self.invoiced_in_file_cents == self.invoiced_cents
            and self.with_uninvoiced_in_file_cents == self.with_uninvoiced_cents
        )


@dataclass(frozen=True)
class InvoiceTotal:
    """An invoice's number, its total in the file and its total here, in cents."""

    label: str
    family: str
    total_in_file_cents: int
    total_cents: int


@dataclass(frozen=True)
class OverfullDay:
    """A day that holds more bookings than places: it came so, and is listed rather than refused."""

    pool: str
    day: str
    size: int
    booked: int


@dataclass(frozen=True)
class NoethysReport:
    """The account of one transfer. `unchanged` means the same file had already come: nothing was written."""

    file_name: str
    source: str
    noethys_version: str
    sha256: str
    unchanged: bool
    kinds: tuple[KindCount, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[Note, ...]
    changed: tuple[tuple[str, str], ...]
    gone: tuple[tuple[str, str], ...]
    other_tables: Mapping[str, int]
    balances: tuple[FamilyBalance, ...]
    invoices: tuple[InvoiceTotal, ...]
    overfull: tuple[OverfullDay, ...]

    @property
    def imported(self) -> int:
        return sum(count.imported for count in self.kinds)

    def count(self, kind: str) -> KindCount:
        """The account of one kind (a table's name in Noethys). Raises KeyError for an unknown one."""
        return {count.kind: count for count in self.kinds}[kind]

    def reasons(self) -> dict[str, dict[str, int]]:
        """How many rows each reason left out, by kind."""
        grouped: dict[str, dict[str, int]] = {}
        for row in self.left_out:
            by_reason = grouped.setdefault(row.kind, {})
            by_reason[row.reason] = by_reason.get(row.reason, 0) + 1
        return grouped

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json` (cents are integers) and for the journal."""
        return {
            "file": self.file_name,
            "source": self.source,
            "noethys_version": self.noethys_version,
            "sha256": self.sha256,
            "unchanged": self.unchanged,
            "kinds": [vars(count) for count in self.kinds],
            "left_out": [vars(row) for row in self.left_out],
            "notes": [vars(note) for note in self.notes],
            "changed": [{"kind": kind, "key": key} for kind, key in self.changed],
            "gone": [{"kind": kind, "key": key} for kind, key in self.gone],
            "other_tables": dict(self.other_tables),
            "balances": [vars(balance) | {"agrees": balance.agrees} for balance in self.balances],
            "invoices": [vars(invoice) for invoice in self.invoices],
            "overfull": [vars(day) for day in self.overfull],
        }


@dataclass
class Tally:
    """Where mapping and loading write down what becomes of each row."""

    read: Counter[str] = field(default_factory=Counter)
    imported: Counter[str] = field(default_factory=Counter)
    already: Counter[str] = field(default_factory=Counter)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)

    def leave_out(self, kind: str, key: str, reason: str, amount_cents: int | None = None) -> None:
        self.left_out.append(LeftOut(kind, key, reason, amount_cents))

    def note(self, kind: str, key: str, text: str) -> None:
        self.notes.append(Note(kind, key, text))

    def counts(self) -> tuple[KindCount, ...]:
        """The account of every kind that was read. Raises AssertionError when rows are unaccounted for: a bug."""
        left = Counter(row.kind for row in self.left_out)
        changed = Counter(kind for kind, _ in self.changed)
        gone = Counter(kind for kind, _ in self.gone)
        counted = []
        for kind, label in KIND_LABELS.items():
            read, imported, already = self.read[kind], self.imported[kind], self.already[kind]
            if read != imported + already + left[kind]:
                raise AssertionError(
                    f"{kind}: {read} read, {imported} imported, {already} already, {left[kind]} left out"
                )
            counted.append(
                KindCount(kind, label, read, imported, already, left[kind], changed[kind], gone[kind])
            )
        return tuple(counted)
