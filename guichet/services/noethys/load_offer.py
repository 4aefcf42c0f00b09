"""Writing the calendar, the régies, the offer and the tariffs."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from guichet.models.money import Bracket, Regie, Tariff
from guichet.models.offer import (
    Activity,
    ActivityType,
    AgeGroup,
    CapacityPool,
    Facility,
    Opening,
    PoolDay,
    PoolSlot,
    Slot,
    SlotExclusion,
)
from guichet.models.settings import Holiday, SchoolYear
from guichet.rules.text import fold
from guichet.services.noethys import guess, map_offer
from guichet.services.noethys.drafts import Draft
from guichet.services.noethys.load import CHUNK, Loader, free_code, insert_rows, taken_codes
from guichet.services.noethys.map_offer import DEFAULT_REGIE, Offer
from guichet.services.noethys.map_records import HolidayValue, school_years
from guichet.services.noethys.map_tariffs import Tariffs
from guichet.services.noethys.money_values import Money
from guichet.services.noethys.reader import NoethysFile

DEFAULT_SERIES = "NOE"


def load_calendar(loader: Loader, values: list[HolidayValue]) -> None:
    """Holidays, but those the town's calendar already knows by their kind and first day."""
    session = loader.session
    known = {
        (kind, starts_on): row_id
        for row_id, kind, starts_on in session.execute(select(Holiday.id, Holiday.kind, Holiday.starts_on))
    }
    for value in values:
        place = (value.kind, value.starts_on)
        if place not in known:
            columns = {
                "kind": value.kind,
                "name": value.name,
                "starts_on": value.starts_on,
                "ends_on": value.ends_on,
            }
            known[place] = insert_rows(session, Holiday, [columns])[0]
    first = {value.row_kind + value.key: value for value in reversed(values)}
    for value in first.values():
        loader.adopt(value.row_kind, value.key, known[value.kind, value.starts_on], value.digest)


def load_school_years(loader: Loader, holidays: list[HolidayValue], money: Money, this_year: int) -> None:
    """The school years that statements of the town's documents ask for, beside those it already has."""
    session = loader.session
    days = {invoice.issued_on.year for invoice in money.invoices}
    days |= {payment.received_on.year for payment in money.payments.values()}
    present = session.execute(select(SchoolYear.starts_on, SchoolYear.ends_on)).all()
    labels = taken_codes(session, SchoolYear.label)
    fresh = []
    for starts_on, ends_on in school_years(holidays, days, this_year):
        label = f"{starts_on.year}-{ends_on.year}"
        overlaps = any(first_day <= ends_on and starts_on <= last_day for first_day, last_day in present)
        if not overlaps and label not in labels:
            labels.add(label)
            fresh.append({"label": label, "starts_on": starts_on, "ends_on": ends_on})
    insert_rows(session, SchoolYear, fresh)


def load_regies(loader: Loader, offer: Offer, prefixes: dict[tuple[str, str], str], modes: list[str]) -> None:
    """The file's régies, and one for all that it gives to none; each goes on with the prefix it used most."""
    session = loader.session
    codes, series = taken_codes(session, Regie.code), taken_codes(session, Regie.series)
    default = Draft(*DEFAULT_REGIE, {"name": "Régie reprise de Noethys"})
    drafts = []
    for draft in (default, *offer.regie_drafts):
        if not loader.known(draft.kind, draft.key):
            wanted = DEFAULT_SERIES if draft is default else f"{DEFAULT_SERIES}{draft.key}"
            columns = {
                "code": free_code(codes, wanted),
                "series": free_code(series, prefixes.get((draft.kind, draft.key), "")[:40] or wanted),
                "modes": modes,
            }
            draft = replace(draft, columns={**draft.columns, **columns})  # noqa: PLW2901
        drafts.append(draft)
    loader.add(Regie, drafts)


def load_offer(loader: Loader, file: NoethysFile, offer: Offer, organiser: tuple[str, str]) -> None:
    """Facilities, activities, slots, groups, places and openings."""
    _load_activities(loader, offer, organiser)
    _add_with_code(loader, AgeGroup, offer.group_drafts)
    _add_with_code(loader, Slot, offer.slot_drafts)
    _load_exclusions(loader, offer)
    _add_with_code(loader, CapacityPool, offer.pool_drafts)
    _load_pool_slots(loader, offer)
    loader.merge(offer.merged)
    _load_pool_days(loader, file, offer)
    _load_openings(loader, file, offer)


def _load_activities(loader: Loader, offer: Offer, organiser: tuple[str, str]) -> None:
    session = loader.session
    types = {
        fold(name): row_id for row_id, name in session.execute(select(ActivityType.id, ActivityType.name))
    }
    type_codes, codes = taken_codes(session, ActivityType.code), taken_codes(session, Activity.code)
    drafts = []
    for draft in offer.activity_drafts:
        columns = dict(draft.columns)
        type_code = columns.pop("type")
        if loader.known(draft.kind, draft.key):
            drafts.append(replace(draft, columns=columns))
            continue
        name = guess.ACTIVITY_TYPES[type_code]
        if fold(name) not in types:
            row = {"code": free_code(type_codes, type_code), "name": name}
            types[fold(name)] = insert_rows(session, ActivityType, [row])[0]
        columns |= {
            "code": free_code(codes, columns["code"]),
            "type_id": types[fold(name)],
            "facility_id": _facility(loader, offer.places.get(draft.key, organiser)),
        }
        drafts.append(replace(draft, columns=columns))
    loader.add(Activity, drafts)


def _facility(loader: Loader, place: tuple[str, str]) -> int | None:
    """The facility of that name, made where there is none; the organiser's own address serves most activities."""
    name, address = place[0][:240], place[1]
    if not name:
        return None
    found = loader.session.scalars(select(Facility.id).where(Facility.name == name)).first()
    if found is not None:
        return found
    code = free_code(taken_codes(loader.session, Facility.code), f"LIEU-{name.split()[0][:40].upper()}")
    return insert_rows(loader.session, Facility, [{"code": code, "name": name, "address": address or None}])[
        0
    ]


def _add_with_code(loader: Loader, model: Any, drafts: list[Draft]) -> None:
    """Insert rows whose code is unique within their activity, beside those that already stand there."""
    taken: dict[int, set[str]] = {}
    for activity_id, code in loader.session.execute(select(model.activity_id, model.code)):
        taken.setdefault(activity_id, set()).add(code)
    coded = []
    for draft in drafts:
        activity = draft.refs["activity_id"]
        if activity is not None and not loader.known(draft.kind, draft.key):
            codes = taken.setdefault(loader.row_id(*activity), set())
            columns = {**draft.columns, "code": free_code(codes, str(draft.columns["code"]))}
            coded.append(replace(draft, columns=columns))
        else:
            coded.append(draft)
    loader.add(model, coded)


def _load_exclusions(loader: Loader, offer: Offer) -> None:
    rows = []
    for key, slot, other in offer.exclusions:
        low, high = sorted((loader.row_id("unites", slot), loader.row_id("unites", other)))
        rows.append((key, {"slot_id": low, "other_slot_id": high}))
    _add_by_content(loader, SlotExclusion, "unites_incompat", rows)


def _load_pool_slots(loader: Loader, offer: Offer) -> None:
    """Each slot of a filling unit draws on every pool of that unit."""
    session = loader.session
    present: set[tuple[int, int]] = set(session.execute(select(PoolSlot.pool_id, PoolSlot.slot_id)))
    pools: dict[str, list[str]] = {}
    for draft in offer.pool_drafts:
        pools.setdefault(draft.key.split("-", maxsplit=1)[0], []).append(draft.key)
    rows = []
    for key, unit, slot in offer.pool_slots:
        slot_id, fresh = loader.row_id("unites", slot), False
        activity_id = loader.row_id("activites", offer.slots[slot].activity)
        for pool in pools.get(unit, []):
            pool_id = loader.row_id("remplissage.pool", pool)
            if (pool_id, slot_id) not in present:
                present.add((pool_id, slot_id))
                rows.append({"activity_id": activity_id, "pool_id": pool_id, "slot_id": slot_id})
                fresh = True
        if not pools.get(unit):
            loader.tally.leave_out(
                "unites_remplissage_unites", key, "unité de remplissage sans limite de places"
            )
        elif fresh:
            loader.tally.imported["unites_remplissage_unites"] += 1
        else:
            loader.tally.already["unites_remplissage_unites"] += 1
    insert_rows(session, PoolSlot, rows)


def _load_pool_days(loader: Loader, file: NoethysFile, offer: Offer) -> None:
    rows = (
        (
            value.key,
            {"pool_id": loader.row_id("remplissage.pool", value.pool), "date": value.day, "size": value.size},
        )
        for value in map_offer.pool_days(file, loader.tally, offer)
    )
    _add_by_content(loader, PoolDay, "remplissage", rows, ("pool_id", "date"))


def _load_openings(loader: Loader, file: NoethysFile, offer: Offer) -> None:
    rows = (
        (
            value.key,
            {
                "activity_id": loader.row_id("activites", value.activity),
                "slot_id": loader.row_id("unites", value.slot),
                "group_id": loader.find("groupes", value.group),
                "date": value.day,
            },
        )
        for value in map_offer.openings(file, loader.tally, offer)
    )
    _add_by_content(loader, Opening, "ouvertures", rows, ("slot_id", "group_id", "date"))


def _add_by_content(
    loader: Loader,
    model: Any,
    kind: str,
    rows: Iterable[tuple[str, dict[str, Any]]],
    columns: tuple[str, ...] = ("slot_id", "other_slot_id"),
) -> None:
    """Insert rows that are known by what they say rather than by a key: openings and places, by the thousand."""
    present: set[tuple[Any, ...]] = set(
        loader.session.execute(select(*(getattr(model, column) for column in columns)))
    )
    fresh: list[dict[str, Any]] = []
    for _, row in rows:
        content = tuple(row[column] for column in columns)
        if content in present:
            loader.tally.already[kind] += 1
            continue
        present.add(content)
        loader.tally.imported[kind] += 1
        fresh.append(row)
        if len(fresh) == CHUNK:
            insert_rows(loader.session, model, fresh)
            fresh = []
    insert_rows(loader.session, model, fresh)


def load_tariffs(loader: Loader, tariffs: Tariffs) -> None:
    """Tariffs with their brackets; one that came earlier stays as it is, what its file adds to it is left out."""
    earlier = {row.into for row in tariffs.merged if row.kind == "tarifs" and loader.known("tarifs", row.key)}
    frozen = {key.split("-", maxsplit=1)[0] for _, key in earlier}
    codes = taken_codes(loader.session, Tariff.code)
    drafts = [
        replace(draft, columns={**draft.columns, "code": free_code(codes, str(draft.columns["code"]))})
        for draft in tariffs.tariff_drafts
        if _tariff_key(draft) not in frozen
    ]
    loader.add(Tariff, drafts)
    loader.add(Bracket, [draft for draft in tariffs.bracket_drafts if _tariff_key(draft) not in frozen])
    for row in tariffs.merged:
        if row.into[1].split("-", maxsplit=1)[0] not in frozen:
            loader.merge([row])
        elif loader.known(row.kind, row.key):
            loader.adopt(row.kind, row.key, loader.row_id(row.kind, row.key), row.digest)
        else:
            loader.tally.leave_out(row.kind, row.key, "tarif déjà repris : modifiez-le dans Guichet")


def _tariff_key(draft: Draft) -> str:
    """Noethys's key of the tariff that a derived row comes from."""
    return draft.key.split("-", maxsplit=1)[0]
