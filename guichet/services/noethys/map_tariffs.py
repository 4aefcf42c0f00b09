"""Tariffs: those that Guichet can apply as they are become tariffs; the others are named with the reason.

Guichet prices each slot by itself. A tariff of Noethys that prices a combination of slots, or that asks for conditions
Guichet does not know, would give a wrong price if it were brought in without them: it is described, not applied.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from guichet.rules.tariffs import EligibleMode, TariffMethod
from guichet.rules.typography import count
from guichet.services.noethys.cleaning import LARGEST_WHOLE
from guichet.services.noethys.drafts import Draft, Merged, Ref, rows_once
from guichet.services.noethys.map_offer import Offer
from guichet.services.noethys.reader import NoethysFile, Row
from guichet.services.noethys.report import Tally

OPEN_START, OPEN_END = date(1970, 1, 1), date(9999, 12, 31)
METHODS = {"montant_unique": TariffMethod.SINGLE, "qf": TariffMethod.QF_BRACKETS}
UNKNOWN_CONDITIONS = ("jours_scolaires", "jours_vacances", "caisses", "cotisations", "etiquettes", "options")

_NO_END_QF = 9999


@dataclass
class Tariffs:
    """Drafts of tariffs and of their brackets."""

    tariff_drafts: list[Draft] = field(default_factory=list)
    bracket_drafts: list[Draft] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)


@dataclass(frozen=True)
class _Step:
    """A bracket: QF from `start` to less than `below`, cents."""

    row: Row
    start: int
    below: int | None
    amount: int


def map_tariffs(file: NoethysFile, tally: Tally, offer: Offer) -> Tariffs:
    """Every tariff, applied slot by slot, category by category and group by group."""
    tariffs = Tariffs()
    lines = _by_tariff(list(rows_once(file, "tarifs_lignes", tally)))
    slots = _single_slots(file)
    names = {row.key: row.text("nom") for row in file.rows("noms_tarifs")}
    for row in rows_once(file, "tarifs", tally):
        name = names.get(row.ref("IDnom_tarif") or "") or row.text("description") or f"Tarif {row.key}"
        own_lines = lines.pop(row.key, [])
        reason = _refusal(row, offer, slots.get(row.key, ([], 0)), own_lines)
        if reason:
            tally.leave_out("tarifs", row.key, f"« {name} » : {reason}")
            for line in own_lines:
                tally.leave_out("tarifs_lignes", line.key, "tarif non repris")
            continue
        single, combined = slots[row.key]
        if combined:
            lost = count(combined, "combinaison non reprise", "combinaisons non reprises")
            tally.note("tarifs", row.key, f"« {name} » : {lost} d’unités")
        _draft(row, name, single, own_lines, offer, tally, tariffs)
    for orphans in lines.values():
        for line in orphans:
            tally.leave_out("tarifs_lignes", line.key, "tarif absent du fichier")
    return tariffs


def _by_tariff(rows: Sequence[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.ref("IDtarif") or ""].append(row)
    return grouped


def _single_slots(file: NoethysFile) -> dict[str, tuple[list[str], int]]:
    """For each tariff: the slots it prices alone, and how many combinations of several it prices."""
    slots: dict[str, list[str]] = defaultdict(list)
    for row in file.rows("combi_tarifs_unites"):
        if slot := row.ref("IDunite"):
            slots[row.ref("IDcombi_tarif") or ""].append(slot)
    found: dict[str, tuple[list[str], int]] = {}
    for row in file.rows("combi_tarifs"):
        tariff, combination = row.ref("IDtarif") or "", slots.get(row.key, [])
        single, combined = found.setdefault(tariff, ([], 0))
        if len(combination) == 1:
            if combination[0] not in single:
                single.append(combination[0])
        else:
            found[tariff] = (single, combined + 1)
    return found


def _refusal(row: Row, offer: Offer, slots: tuple[list[str], int], lines: Sequence[Row]) -> str | None:
    """Why Guichet cannot apply a tariff as it is; None when it can."""
    activity, method = row.ref("IDactivite"), row.text("methode")
    known = [slot for slot in slots[0] if slot in offer.slots and offer.slots[slot].activity == activity]
    starts, ends = row.day("date_debut") or OPEN_START, row.day("date_fin") or OPEN_END
    several_days = (row.whole("condition_nbre_combi") or 1) > 1
    several_days = several_days or row.text("condition_periode") not in {"", "1jour"}
    conditions = any(not row.blank(condition) for condition in UNKNOWN_CONDITIONS)
    reasons = {
        "activité absente du fichier": activity not in offer.activity_names,
        f"forfait ou crédit (type {row.text('type')}), à ressaisir": row.text("type") not in {"", "JOURN"},
        f"méthode « {method} », à ressaisir": method not in METHODS,
        "conditions de jours, caisse, cotisation ou étiquette, à ressaisir": conditions,
        "tarif sous condition de nombre de jours, à ressaisir": several_days,
        "prix d’une combinaison d’unités, à ressaisir unité par unité": not known,
        "dates de validité inversées": starts > ends,
        "aucun montant lisible": not _steps(lines, method == "montant_unique"),
    }
    return next((reason for reason, refused in reasons.items() if refused), None)


def _draft(
    row: Row,
    name: str,
    slots: Sequence[str],
    lines: Sequence[Row],
    offer: Offer,
    tally: Tally,
    tariffs: Tariffs,
) -> None:
    activity, method = row.ref("IDactivite") or "", METHODS[row.text("methode")]
    single_price = method is TariffMethod.SINGLE
    steps = _steps(lines, single_price)
    first: Ref | None = None
    for slot in slots:
        info = offer.slots.get(slot)
        if info is None or info.activity != activity:
            continue
        for category in _listed(row, "categories_tarifs", offer.categories):
            for group in _listed(row, "groupes", offer.groups):
                key = f"{row.key}-{slot}-{category or 0}-{group or 0}"
                first = first or ("tarifs.unite", key)
                columns = {
                    "code": f"NOE-{key}",
                    "name": f"{name} ({info.name})" if len(slots) > 1 else name,
                    "category": offer.categories.get(category or "") or None,
                    "method": method,
                    "amount_cents": steps[0].amount if single_price else None,
                    "eligible_mode": EligibleMode.NONE if info.meal else EligibleMode.ALL,
                    "valid_from": row.day("date_debut") or OPEN_START,
                    "valid_until": row.day("date_fin") or OPEN_END,
                }
                refs: Mapping[str, Ref | None] = {
                    "activity_id": ("activites", activity),
                    "slot_id": ("unites", slot),
                    "group_id": ("groupes", group) if group else None,
                }
                tariffs.tariff_drafts.append(Draft("tarifs.unite", key, columns, refs))
                if not single_price:
                    _draft_brackets(steps, key, tariffs)
    if first is None:
        raise AssertionError(f"tariff {row.key} was accepted without a slot")
    tariffs.merged.append(Merged("tarifs", row.key, first, row.digest))
    kept = {step.row.key for step in steps}
    for line in lines:
        if line.key in kept:
            tariffs.merged.append(Merged("tarifs_lignes", line.key, first, line.digest))
        else:
            tally.leave_out("tarifs_lignes", line.key, "montant illisible, tranche vide ou ligne en trop")


def _listed(row: Row, column: str, known: Mapping[str, str]) -> list[str | None]:
    """The keys of a « 1;2 » list that exist; [None] for « all »."""
    keys: list[str | None] = [key.strip() for key in row.text(column).split(";") if key.strip() in known]
    return keys or [None]


def _steps(lines: Sequence[Row], single_price: bool) -> list[_Step]:
    """The readable lines as brackets in order, without overlap: each ends where the next begins at the latest.

    A single price is the first readable line.
    """
    readable = [line for line in lines if line.cents("montant_unique") is not None]
    readable.sort(key=lambda line: (_start(line), line.whole("num_ligne") or 0))
    if single_price:
        return [_Step(line, 0, None, line.cents("montant_unique") or 0) for line in readable[:1]]
    steps: list[_Step] = []
    for place, line in enumerate(readable):
        start, top = _start(line), line.number("qf_max")
        below = None if top is None or top >= _NO_END_QF else math.floor(top) + 1
        following = _start(readable[place + 1]) if place + 1 < len(readable) else None
        if following is not None and (below is None or below > following):
            below = following
        if below is None or below > start:
            steps.append(_Step(line, start, below, line.cents("montant_unique") or 0))
    return steps


def _start(line: Row) -> int:
    lowest = line.number("qf_min")
    return min(max(math.ceil(lowest), 0), LARGEST_WHOLE - 1) if lowest is not None else 0


def _draft_brackets(steps: Sequence[_Step], tariff: str, tariffs: Tariffs) -> None:
    for step in steps:
        tariffs.bracket_drafts.append(
            Draft(
                "tarifs.tranche",
                f"{tariff}-{step.row.key}",
                {"qf_from": step.start, "qf_below": step.below, "amount_cents": step.amount},
                {"tariff_id": ("tarifs.unite", tariff)},
            )
        )
