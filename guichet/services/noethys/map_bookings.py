"""Enrolments and bookings: from « inscriptions » and « consommations » to drafts; no database here."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from guichet.models.bookings import Attendance, BookingState, EnrolmentState
from guichet.models.people import MemberRole
from guichet.rules.text import PARIS, fold
from guichet.services.noethys.drafts import Draft, Merged, Unusable, rows_once
from guichet.services.noethys.map_offer import Offer
from guichet.services.noethys.map_people import Member, People
from guichet.services.noethys.reader import NoethysFile, Row
from guichet.services.noethys.report import Tally

NO_END = date(9999, 12, 31)
MIDNIGHT = time(0, 0)

ENROLMENT_STATES: Mapping[str, EnrolmentState] = {
    "": EnrolmentState.ACTIVE,
    "ok": EnrolmentState.ACTIVE,
    "attente": EnrolmentState.WAITING,
    "refus": EnrolmentState.CANCELLED,
}
BOOKING_STATES: Mapping[str, tuple[BookingState, Attendance]] = {
    "reservation": (BookingState.BOOKED, Attendance.UNKNOWN),
    "present": (BookingState.BOOKED, Attendance.PRESENT),
    "absenti": (BookingState.BOOKED, Attendance.ABSENT_BILLED),
    "absentj": (BookingState.BOOKED, Attendance.ABSENT_EXCUSED),
    "attente": (BookingState.WAITING, Attendance.UNKNOWN),
    "refus": (BookingState.CANCELLED, Attendance.UNKNOWN),
}


@dataclass(frozen=True)
class EnrolmentValue:
    """A child in an activity for a family; several overlapping rows of Noethys make one."""

    key: str
    child: str
    family: str
    activity: str
    group: str | None
    category: str | None
    starts_on: date
    ends_on: date
    state: EnrolmentState
    digest: str


@dataclass(frozen=True)
class BookingValue:
    """One consumption, ready to be a booking. `charge` is the key of what bills it."""

    key: str
    digest: str
    enrolment: EnrolmentValue
    slot: str
    group: str | None
    day: date
    starts_at: time
    ends_at: time | None
    quantity: int
    state: BookingState
    attendance: Attendance
    requested_at: datetime | None
    arrived_at: time | None
    left_at: time | None
    note: str | None
    charge: str | None


@dataclass
class Usage:
    """What the consumptions say of the rest, gathered in one pass before anything is drafted."""

    first: dict[str, date] = field(default_factory=dict)
    last: dict[str, date] = field(default_factory=dict)
    charged_days: dict[str, date] = field(default_factory=dict)
    charged_slots: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass
class Enrolments:
    """Enrolments by the key of any inscription that made them."""

    values: dict[str, EnrolmentValue] = field(default_factory=dict)
    merged: list[Merged] = field(default_factory=list)
    by_inscription: dict[str, EnrolmentValue] = field(default_factory=dict)
    membership_drafts: list[Draft] = field(default_factory=list)
    by_child: dict[tuple[str, str], list[EnrolmentValue]] = field(default_factory=lambda: defaultdict(list))


def survey(file: NoethysFile) -> Usage:
    """First and last day of each inscription, and what each charge bills."""
    usage = Usage()
    for row in file.rows("consommations"):
        day, inscription = row.day("date"), row.ref("IDinscription")
        if day is not None and inscription is not None:
            usage.first[inscription] = min(day, usage.first.get(inscription, day))
            usage.last[inscription] = max(day, usage.last.get(inscription, day))
        charge, slot = row.ref("IDprestation"), row.ref("IDunite")
        if charge is not None and slot is not None:
            usage.charged_slots[charge].add(slot)
            if day is not None:
                usage.charged_days.setdefault(charge, day)
    return usage


def map_enrolments(file: NoethysFile, tally: Tally, people: People, offer: Offer, usage: Usage) -> Enrolments:
    """One enrolment for each inscription, those that overlap made into one."""
    groups: dict[tuple[str, str, str], list[EnrolmentValue]] = defaultdict(list)
    enrolments = Enrolments()
    for row in rows_once(file, "inscriptions", tally):
        try:
            value = _enrolment(row, tally, people, offer, usage)
        except Unusable as why:
            tally.leave_out("inscriptions", row.key, str(why))
            continue
        if value.child not in people.members.get(value.family, {}):
            _attach(value, people, enrolments, tally)
        if value.state is EnrolmentState.CANCELLED:
            enrolments.values[value.key] = enrolments.by_inscription[value.key] = value
        else:
            groups[value.child, value.family, value.activity].append(value)
    for group in groups.values():
        _merge(
            sorted(group, key=lambda value: (value.starts_on, len(value.key), value.key)), enrolments, tally
        )
    for value in enrolments.values.values():
        enrolments.by_child[value.child, value.activity].append(value)
    return enrolments


def _enrolment(row: Row, tally: Tally, people: People, offer: Offer, usage: Usage) -> EnrolmentValue:
    child, activity = row.ref("IDindividu"), row.ref("IDactivite")
    family = people.known_family(row.ref("IDfamille")) or people.account_family(row)
    if child is None or child not in people.persons:
        raise Unusable("personne absente du fichier")
    if family is None:
        raise Unusable("famille absente du fichier")
    if activity is None or activity not in offer.activity_names:
        raise Unusable("activité absente du fichier")
    state = ENROLMENT_STATES.get(fold(row.text("statut")))
    if state is None:
        tally.note("inscriptions", row.key, f"statut « {row.text('statut')} » inconnu : reprise comme active")
        state = EnrolmentState.ACTIVE
    starts_on, ends_on = _dates(row, offer.activity_ends.get(activity), usage, tally)
    if starts_on is None:
        raise Unusable("aucune date d’inscription ni consommation")
    group = offer.group_of(row.ref("IDgroupe"), activity)
    if group is None:
        tally.note("inscriptions", row.key, "groupe absent du fichier ou d’une autre activité, laissé vide")
    return EnrolmentValue(
        key=row.key,
        child=child,
        family=family,
        activity=activity,
        group=group,
        category=offer.categories.get(row.ref("IDcategorie_tarif") or "") or None,
        starts_on=starts_on,
        ends_on=max(starts_on, ends_on),
        state=state,
        digest=row.digest,
    )


def _dates(row: Row, activity_end: date | None, usage: Usage, tally: Tally) -> tuple[date | None, date]:
    """From the inscription (or the first consumption, if earlier) to the leaving (or the last one, if later)."""
    first, last = usage.first.get(row.key), usage.last.get(row.key)
    entered, left = row.day("date_inscription"), row.day("date_desinscription")
    starts_on = min((day for day in (entered, first) if day), default=left)
    if row.whole("parti") and left is None:
        left = last or starts_on
        tally.note("inscriptions", row.key, "partie sans date : close à la dernière consommation")
    ends_on = left or activity_end or NO_END
    return starts_on, max(ends_on, last) if last else ends_on


def _attach(value: EnrolmentValue, people: People, enrolments: Enrolments, tally: Tally) -> None:
    """Noethys keeps the inscriptions of a child taken off a family; ours need the membership."""
    child = people.persons[value.child]
    people.members[value.family][value.child] = Member(child, MemberRole.CHILD, holder=False)
    tally.note("inscriptions", value.key, "enfant inscrit par une famille à laquelle il n’est plus rattaché")
    enrolments.membership_drafts.append(
        Draft(
            "inscriptions.rattachement",
            f"{value.family}-{value.child}",
            {
                "role": MemberRole.CHILD,
                "holder": False,
                "quality": "rattachement retiré dans Noethys",
                "position": 9,
            },
            {"family_id": ("familles", value.family), "person_id": ("individus", value.child)},
        )
    )


def _merge(group: list[EnrolmentValue], enrolments: Enrolments, tally: Tally) -> None:
    current = group[0]
    keys = [current]
    for value in group[1:]:
        if value.starts_on > current.ends_on:
            _keep(current, keys, enrolments)
            current, keys = value, [value]
            continue
        tally.note("inscriptions", value.key, f"chevauche l’inscription {current.key} : réunies en une seule")
        active = EnrolmentState.ACTIVE in {current.state, value.state}
        current = replace(
            current,
            ends_on=max(current.ends_on, value.ends_on),
            group=value.group or current.group,
            category=value.category or current.category,
            state=EnrolmentState.ACTIVE if active else EnrolmentState.WAITING,
        )
        keys.append(value)
    _keep(current, keys, enrolments)


def _keep(value: EnrolmentValue, parts: list[EnrolmentValue], enrolments: Enrolments) -> None:
    enrolments.values[value.key] = value
    for part in parts:
        enrolments.by_inscription[part.key] = value
        if part.key != value.key:
            into = ("inscriptions", value.key)
            enrolments.merged.append(Merged("inscriptions", part.key, into, part.digest))


def bookings(
    file: NoethysFile, tally: Tally, people: People, offer: Offer, enrolments: Enrolments
) -> Iterator[BookingValue]:
    """The consumptions: booked ones first, then waiting, then refused, so that of two doubles the firmer stays."""
    live: set[tuple[str, str, date, time]] = set()
    order = (BookingState.BOOKED, BookingState.WAITING, BookingState.CANCELLED)
    for wanted in order:
        rows = rows_once(file, "consommations", tally if wanted is order[0] else Tally())
        for row in rows:
            known = BOOKING_STATES.get(fold(row.text("etat")).replace(" ", ""))
            if known is None:
                if wanted is order[0]:
                    tally.leave_out("consommations", row.key, f"état « {row.text('etat')} » inconnu")
                continue
            if known[0] is not wanted:
                continue
            try:
                value = _booking(row, tally, people, offer, enrolments)
            except Unusable as why:
                tally.leave_out("consommations", row.key, str(why))
                continue
            double = (value.enrolment.child, value.slot, value.day, value.starts_at)
            if wanted is not BookingState.CANCELLED and double in live:
                tally.leave_out("consommations", row.key, "double : l’enfant a déjà cette unité ce jour-là")
                continue
            live.add(double)
            yield value


def _booking(row: Row, tally: Tally, people: People, offer: Offer, enrolments: Enrolments) -> BookingValue:
    slot, day, child = row.ref("IDunite"), row.day("date"), row.ref("IDindividu")
    if slot is None or slot not in offer.slots:
        raise Unusable("unité absente du fichier")
    if day is None:
        raise Unusable("date absente ou illisible")
    info = offer.slots[slot]
    enrolment = _enrolment_of(row, child, info.activity, people, enrolments)
    if enrolment is None:
        raise Unusable("aucune inscription de cet enfant à cette activité")
    if row.ref("IDinscription") not in enrolments.by_inscription:
        tally.note(
            "consommations", row.key, "inscription absente : rattachée à celle de l’enfant à cette activité"
        )
    state, attendance = BOOKING_STATES[fold(row.text("etat")).replace(" ", "")]
    by_hour = info.several_a_day
    quantity = row.whole("quantite")
    if quantity is not None and quantity < 1:
        tally.note("consommations", row.key, f"quantité {quantity} reprise comme 1")
    return BookingValue(
        key=row.key,
        digest=row.digest,
        enrolment=enrolment,
        slot=slot,
        group=offer.group_of(row.ref("IDgroupe"), info.activity) or enrolment.group,
        day=day,
        starts_at=(row.clock("heure_debut") or MIDNIGHT) if by_hour else MIDNIGHT,
        ends_at=row.clock("heure_fin") if by_hour else None,
        quantity=max(quantity or 1, 1),
        state=state,
        attendance=attendance,
        requested_at=_midnight_in_paris(row.day("date_saisie")),
        arrived_at=_hour(row, "badgeage_debut"),
        left_at=_hour(row, "badgeage_fin"),
        note="Refusée dans Noethys." if state is BookingState.CANCELLED else None,
        charge=row.ref("IDprestation"),
    )


def _enrolment_of(
    row: Row, child: str | None, activity: str, people: People, enrolments: Enrolments
) -> EnrolmentValue | None:
    """The row's own inscription, else the one the child has in that activity (its payer's first)."""
    own = enrolments.by_inscription.get(row.ref("IDinscription") or "")
    if own is not None and (child is None or own.child == child) and own.activity == activity:
        return own
    if child is None:
        return None
    found = enrolments.by_child.get((child, activity), [])
    family = people.account_family(row)
    return next((value for value in found if value.family == family), found[0] if found else None)


def _midnight_in_paris(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, MIDNIGHT, tzinfo=PARIS)


def _hour(row: Row, column: str) -> time | None:
    """The clock time at the end of « 2019-03-21 07:42:10 »."""
    words = row.text(column).replace("T", " ").split()
    return Row(row.table, row.key, {"at": words[-1]}).clock("at") if words else None
