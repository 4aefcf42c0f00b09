"""Activities, their slots, groups, openings and places: from Noethys's rows to drafts; no database here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from guichet.models.offer import SlotUnit
from guichet.services.noethys import guess
from guichet.services.noethys.drafts import Draft, Merged, rows_once
from guichet.services.noethys.reader import NoethysFile, Row
from guichet.services.noethys.report import Tally

DEFAULT_REGIE = ("regie", "defaut")
"""The régie of all that the file gives to none."""
ALL_GROUPS = "0"

_ALWAYS = date(1977, 1, 1)
_NEVER_ENDS = 2999


@dataclass(frozen=True)
class SlotInfo:
    """What bookings and charges ask of a slot; `meal` is a meal and nothing else, `with_meal` has one in it."""

    activity: str
    name: str
    unit: SlotUnit
    several_a_day: bool
    meal: bool
    with_meal: bool


@dataclass(frozen=True)
class OpeningValue:
    """A slot open on a date, for one group or all."""

    key: str
    activity: str
    slot: str
    group: str | None
    day: date


@dataclass(frozen=True)
class PoolDayValue:
    """Places of a pool on a date."""

    key: str
    pool: str
    day: date
    size: int


@dataclass
class Offer:
    """Drafts of the offer, and what the other maps look up in it."""

    regie_drafts: list[Draft] = field(default_factory=list)
    activity_drafts: list[Draft] = field(default_factory=list)
    activity_names: dict[str, str] = field(default_factory=dict)
    activity_regies: dict[str, tuple[str, str]] = field(default_factory=dict)
    activity_ends: dict[str, date | None] = field(default_factory=dict)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    group_drafts: list[Draft] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    slot_drafts: list[Draft] = field(default_factory=list)
    slots: dict[str, SlotInfo] = field(default_factory=dict)
    exclusions: list[tuple[str, str, str]] = field(default_factory=list)
    pool_drafts: list[Draft] = field(default_factory=list)
    pool_slots: list[tuple[str, str, str]] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)
    categories: dict[str, str] = field(default_factory=dict)

    def group_of(self, key: str | None, activity: str) -> str | None:
        """The group, where it is one of that activity's."""
        return key if key is not None and self.groups.get(key) == activity else None


def map_offer(file: NoethysFile, tally: Tally) -> Offer:
    """Everything that families enrol in; openings and places by day are streamed apart, being many."""
    offer = Offer()
    offer.categories = {row.key: row.text("nom") for row in file.rows("categories_tarifs")}
    _map_regies(file, tally, offer)
    _map_activities(file, tally, offer)
    _map_groups(file, tally, offer)
    _map_slots(file, tally, offer)
    _map_exclusions(file, tally, offer)
    _map_pools(file, tally, offer)
    return offer


def bounded(day: date | None) -> date | None:
    """A date that means something: Noethys writes 1977-01-01 and 2999-01-01 for « no limit »."""
    return None if day is None or day <= _ALWAYS or day.year >= _NEVER_ENDS else day


def _map_regies(file: NoethysFile, tally: Tally, offer: Offer) -> None:
    for row in rows_once(file, "factures_regies", tally):
        name = row.text("nom") or f"Régie {row.key}"
        offer.regie_drafts.append(Draft("factures_regies", row.key, {"name": name}, digest=row.digest))


def _map_activities(file: NoethysFile, tally: Tally, offer: Offer) -> None:
    regies = {draft.key for draft in offer.regie_drafts}
    for row in rows_once(file, "activites", tally):
        name = row.text("nom") or f"Activité {row.key}"
        starts, ends = bounded(row.day("date_debut")), bounded(row.day("date_fin"))
        if starts and ends and starts > ends:
            tally.note("activites", row.key, "dates de validité inversées, laissées vides")
            starts = ends = None
        regie = row.ref("regie")
        offer.activity_regies[row.key] = (
            ("factures_regies", regie) if regie in regies and regie else DEFAULT_REGIE
        )
        offer.activity_names[row.key] = name
        offer.activity_ends[row.key] = ends
        if not row.whole("coords_org") and (row.text("rue") or row.text("ville")):
            address = "\n".join(
                line for line in (row.text("rue"), f"{row.text('cp')} {row.text('ville')}".strip()) if line
            )
            offer.places[row.key] = (name, address)
        if row.whole("nbre_inscrits_max"):
            tally.note(
                "activites",
                row.key,
                "nombre d’inscrits maximum non repris : Guichet compte les places par jour",
            )
        offer.activity_drafts.append(
            Draft(
                "activites",
                row.key,
                {
                    "code": row.text("abrege")[:40] or f"ACT{row.key}",
                    "name": name,
                    "type": guess.activity_type(name),
                    "supervision": guess.supervision(name),
                    "needs_dossier": False,
                    "starts_on": starts,
                    "ends_on": ends,
                },
                {"regie_id": offer.activity_regies[row.key]},
                row.digest,
            )
        )


def _map_groups(file: NoethysFile, tally: Tally, offer: Offer) -> None:
    rows = []
    for row in rows_once(file, "groupes", tally):
        activity = _activity(row, offer, tally)
        if activity is not None:
            offer.groups[row.key] = activity
            rows.append((row, activity, row.text("nom") or f"Groupe {row.key}"))
    youngest = {(activity, guess.ages(name)[0]) for _, activity, name in rows}
    for row, activity, name in rows:
        low, high = guess.ages(name)
        if high is not None and low != high and (activity, high) in youngest:
            high -= 1  # « 3-6 ans » beside « 6-12 ans »: a child of 6 goes up
        if (low, high) != (None, None):
            tally.note("groupes", row.key, f"âges lus dans le nom « {name} » : à vérifier")
        columns = {
            "code": f"G{row.key}",
            "name": name,
            "min_age": low,
            "max_age": high,
            "position": row.whole("ordre") or 0,
        }
        refs = {"activity_id": ("activites", activity)}
        offer.group_drafts.append(Draft("groupes", row.key, columns, refs, row.digest))


def _activity(row: Row, offer: Offer, tally: Tally) -> str | None:
    """The activity of a row; left out when it is not in the file."""
    activity = row.ref("IDactivite")
    if activity in offer.activity_names:
        return activity
    tally.leave_out(row.table, row.key, "activité absente du fichier")
    return None


def _map_slots(file: NoethysFile, tally: Tally, offer: Offer) -> None:
    for row in rows_once(file, "unites", tally):
        activity = _activity(row, offer, tally)
        if activity is None:
            continue
        name, unit = row.text("nom") or f"Unité {row.key}", guess.slot_unit(row.text("type"))
        if unit is None:
            tally.note(
                "unites", row.key, f"type « {row.text('type')} » inconnu : repris comme une unité simple"
            )
        code = row.text("abrege")[:40] or f"U{row.key}"
        offer.slots[row.key] = SlotInfo(
            activity=activity,
            name=name,
            unit=unit or SlotUnit.DAY,
            several_a_day=row.text("type").casefold() in {"horaire", "multihoraires", "evenement"},
            meal=guess.is_meal(name),
            with_meal=bool(row.whole("repas")) or guess.names_a_meal(name),
        )
        columns: dict[str, Any] = {
            "code": code,
            "name": name,
            "starts_at": row.clock("heure_debut"),
            "ends_at": row.clock("heure_fin"),
            "unit": unit or SlotUnit.DAY,
            "meal": bool(row.whole("repas")),
            "position": row.whole("ordre") or 0,
        }
        refs = {"activity_id": ("activites", activity)}
        offer.slot_drafts.append(Draft("unites", row.key, columns, refs, row.digest))


def _map_exclusions(file: NoethysFile, tally: Tally, offer: Offer) -> None:
    seen: set[frozenset[str]] = set()
    for row in rows_once(file, "unites_incompat", tally):
        slot, other = row.ref("IDunite"), row.ref("IDunite_incompatible")
        if slot is None or other is None or slot not in offer.slots or other not in offer.slots:
            tally.leave_out("unites_incompat", row.key, "unité absente du fichier")
        elif slot == other:
            tally.leave_out("unites_incompat", row.key, "unité incompatible avec elle-même")
        elif frozenset((slot, other)) in seen:
            tally.leave_out("unites_incompat", row.key, "incompatibilité déjà dite")
        else:
            seen.add(frozenset((slot, other)))
            offer.exclusions.append((row.key, slot, other))


def _map_pools(file: NoethysFile, tally: Tally, offer: Offer) -> None:
    """One pool for each filling unit and each group that has places in it (Noethys's group 0: all together)."""
    groups: dict[str, list[str]] = {}
    for row in file.rows("remplissage"):
        unit = row.ref("IDunite_remplissage") or ""
        group = row.ref("IDgroupe") or ALL_GROUPS
        if group not in groups.setdefault(unit, []):
            groups[unit].append(group)
    units: dict[str, str] = {}
    for row in rows_once(file, "unites_remplissage", tally):
        activity = _activity(row, offer, tally)
        if activity is None:
            continue
        units[row.key] = activity
        if not row.blank("heure_min") or not row.blank("heure_max") or not row.blank("etiquettes"):
            tally.note(
                "unites_remplissage", row.key, "condition d’heure ou d’étiquette non reprise : à vérifier"
            )
        _draft_pools(row, activity, groups.get(row.key, []), offer, tally)
    for row in rows_once(file, "unites_remplissage_unites", tally):
        unit, slot = row.ref("IDunite_remplissage") or "", row.ref("IDunite") or ""
        if unit not in units or slot not in offer.slots:
            tally.leave_out("unites_remplissage_unites", row.key, "unité absente du fichier")
        elif offer.slots[slot].activity != units[unit]:
            tally.leave_out("unites_remplissage_unites", row.key, "unité d’une autre activité")
        else:
            offer.pool_slots.append((row.key, unit, slot))


def _draft_pools(row: Row, activity: str, groups: list[str], offer: Offer, tally: Tally) -> None:
    name = row.text("nom") or f"Places {row.key}"
    pools = [group for group in groups if group == ALL_GROUPS or offer.group_of(group, activity)]
    if not pools:
        tally.leave_out("unites_remplissage", row.key, "aucune place saisie : sans limite")
    names = {draft.key: str(draft.columns["name"]) for draft in offer.group_drafts}
    for group in pools:
        whole = group == ALL_GROUPS
        offer.pool_drafts.append(
            Draft(
                "remplissage.pool",
                f"{row.key}-{group}",
                {"code": f"R{row.key}-{group}", "name": name if whole else f"{name}, {names[group]}"},
                {"activity_id": ("activites", activity), "group_id": None if whole else ("groupes", group)},
            )
        )
    if pools:
        into = ("remplissage.pool", f"{row.key}-{pools[0]}")
        offer.merged.append(Merged("unites_remplissage", row.key, into, row.digest))


def pool_days(file: NoethysFile, tally: Tally, offer: Offer) -> Iterator[PoolDayValue]:
    """The places of each pool, date by date; 0 and empty mean no limit in Noethys."""
    pools = {draft.key for draft in offer.pool_drafts}
    seen: set[tuple[str, date]] = set()
    for row in rows_once(file, "remplissage", tally):
        pool = f"{row.ref('IDunite_remplissage')}-{row.ref('IDgroupe') or ALL_GROUPS}"
        day, size = row.day("date"), row.whole("places")
        if pool not in pools:
            tally.leave_out("remplissage", row.key, "unité de remplissage ou groupe absent du fichier")
        elif day is None:
            tally.leave_out("remplissage", row.key, "date absente ou illisible")
        elif size is None or size <= 0:
            tally.leave_out("remplissage", row.key, "nombre de places vide ou nul : ce jour est sans limite")
        elif (pool, day) in seen:
            tally.leave_out("remplissage", row.key, "places déjà dites pour ce jour")
        else:
            seen.add((pool, day))
            yield PoolDayValue(row.key, pool, day, size)


def openings(file: NoethysFile, tally: Tally, offer: Offer) -> Iterator[OpeningValue]:
    """The days each slot is open."""
    seen: set[tuple[str, str | None, date]] = set()
    for row in rows_once(file, "ouvertures", tally):
        slot, day, group = row.ref("IDunite") or "", row.day("date"), row.ref("IDgroupe")
        if slot not in offer.slots:
            tally.leave_out("ouvertures", row.key, "unité absente du fichier")
        elif day is None:
            tally.leave_out("ouvertures", row.key, "date absente ou illisible")
        elif group is not None and offer.group_of(group, offer.slots[slot].activity) is None:
            tally.leave_out("ouvertures", row.key, "groupe absent du fichier ou d’une autre activité")
        elif (slot, group, day) in seen:
            tally.leave_out("ouvertures", row.key, "ouverture déjà dite")
        else:
            seen.add((slot, group, day))
            yield OpeningValue(row.key, offer.slots[slot].activity, slot, group, day)
