"""The report of a transfer as a person reads it: what came, what did not and why, what to check."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from guichet.rules.money import format_euros
from guichet.rules.typography import count
from guichet.services.noethys.report import KIND_LABELS, FamilyBalance, NoethysReport

OTHER_TABLES: Mapping[str, str] = {
    "aides": "aides (déjà déduites des prestations)",
    "attestations": "attestations déjà éditées",
    "badgeage_journal": "journal de badgeage",
    "cotisations": "cartes d’adhérent (leurs prestations sont reprises)",
    "historique": "historique des actions",
    "memo_journee": "mémos du jour",
    "messages": "messages",
    "pes_pieces": "pièces transmises au Trésor",
    "questionnaire_reponses": "réponses aux questionnaires",
    "rappels": "lettres de rappel",
    "recus": "reçus déjà édités",
    "transports": "transports",
    "utilisateurs": "comptes d’utilisateurs",
}
"""What a town may miss of the tables that are not read, in its own words; the rest is Noethys's own settings."""

_SHOWN = 12


def written(report: NoethysReport) -> str:
    """The whole report, a line each; no name of a person in it, only Noethys's own numbers."""
    if report.unchanged:
        return f"{report.file_name} avait déjà été repris : rien n’a changé."
    return "\n".join(
        [
            f"Reprise de {report.file_name} (Noethys {report.noethys_version or 'de version inconnue'})",
            *_counts(report),
            *_section("N’est pas repris :", _left_out(report)),
            *_section("Repris avec une remarque :", _notes(report)),
            *_section(
                "Modifié dans Noethys depuis la reprise précédente, laissé tel quel ici :",
                _refs(report.changed),
            ),
            *_section("Repris auparavant et disparu de Noethys, gardé ici :", _refs(report.gone)),
            *_section("Sans équivalent dans Guichet, laissé dans Noethys :", _others(report)),
            *_balances(report),
            *_overfull(report),
        ]
    )


def _counts(report: NoethysReport) -> list[str]:
    return [
        f"  {count.label:<34} lues {count.read:>7}   reprises {count.imported:>7}   déjà là {count.already:>7}   "
        f"écartées {count.left_out:>5}"
        for count in report.kinds
        if count.read
    ]


def _section(title: str, lines: list[str]) -> list[str]:
    return [title, *(f"  - {line}" for line in lines)] if lines else []


def _left_out(report: NoethysReport) -> list[str]:
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    worth: dict[tuple[str, str], int] = defaultdict(int)
    for row in report.left_out:
        grouped[row.kind, row.reason].append(row.key)
        worth[row.kind, row.reason] += row.amount_cents or 0
    return [
        f"{KIND_LABELS[kind]} : {reason} ({_keys(keys)}"
        + (f", {format_euros(worth[kind, reason])})" if worth[kind, reason] else ")")
        for (kind, reason), keys in grouped.items()
    ]


def _notes(report: NoethysReport) -> list[str]:
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for note in report.notes:
        grouped[note.kind, note.text].append(note.key)
    return [
        f"{KIND_LABELS[kind]} : {text}" + (f" ({_keys(keys)})" if any(keys) else "")
        for (kind, text), keys in grouped.items()
    ]


def _refs(refs: Iterable[tuple[str, str]]) -> list[str]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for kind, key in refs:
        grouped[kind].append(key)
    return [f"{KIND_LABELS[kind]} ({_keys(keys)})" for kind, keys in grouped.items()]


def _keys(keys: list[str]) -> str:
    shown = ", ".join(key or "sans numéro" for key in keys[:_SHOWN])
    return f"n° {shown}" + (f" et {len(keys) - _SHOWN} autres" if len(keys) > _SHOWN else "")


def _others(report: NoethysReport) -> list[str]:
    lines = [
        f"{label} : {report.other_tables[name]}"
        for name, label in OTHER_TABLES.items()
        if name in report.other_tables
    ]
    rest = [name for name in report.other_tables if name not in OTHER_TABLES]
    if rest:
        lines.append(f"réglages et listes propres à Noethys : {', '.join(rest)}")
    return lines


def _balances(report: NoethysReport) -> list[str]:
    apart = [balance for balance in report.balances if not balance.agrees]
    agreeing, families = len(report.balances) - len(apart), len(report.balances)
    title = f"Soldes égaux au centime à ceux de Noethys : {count(agreeing, 'famille')} sur {families}."
    return [title, *(f"  ! {_apart(balance)}" for balance in apart)]


def _apart(balance: FamilyBalance) -> str:
    return (
        f"Famille n° {balance.number} : facturé {format_euros(balance.invoiced_cents)} "
        f"(Noethys {format_euros(balance.invoiced_in_file_cents)}), avec le non facturé "
        f"{format_euros(balance.with_uninvoiced_cents)} (Noethys {format_euros(balance.with_uninvoiced_in_file_cents)}) : "
        "voyez ce qui n’est pas repris."
    )


def _overfull(report: NoethysReport) -> list[str]:
    if not report.overfull:
        return []
    days = [
        f"{day.day}, {day.pool} : {day.booked} réservés pour {day.size} places" for day in report.overfull
    ]
    more = [f"et {len(days) - _SHOWN} autres"] if len(days) > _SHOWN else []
    return _section("Jours arrivés au-delà de leur capacité, gardés tels quels :", [*days[:_SHOWN], *more])
