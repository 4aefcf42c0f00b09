"""A town small enough to reckon by hand: one régie, two activities, families, bookings, tariffs."""

from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from guichet.models.base import Base
from guichet.models.bookings import Attendance, Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.money import Bracket, PaymentMode, Regie, Tariff
from guichet.models.offer import Activity, ActivityType, Slot
from guichet.models.people import Family, MemberRole, Membership, Person, Quotient, QuotientSource
from guichet.rules.tariffs import EligibleMode, TariffMethod

Row = TypeVar("Row", bound=Base)
YEAR_START, YEAR_END = date(2025, 7, 5), date(2026, 7, 3)


def add(session: Session, row: Row) -> Row:
    """Insert a row and give it back with its id."""
    session.add(row)
    session.flush()  # the caller builds the next row on its id
    return row


@dataclass
class Town:
    """What the builders below made, with a session to make more."""

    session: Session
    regie: Regie
    alsh: Activity
    canteen: Activity
    journee: Slot
    repas: Slot
    _numbers: Any = field(default_factory=lambda: count(1))

    def regie_row(self, series: str, name: str = "Régie", **fields: Any) -> Regie:
        values: dict[str, Any] = {"modes": [mode.value for mode in PaymentMode], "due_days": 22, **fields}
        return add(self.session, Regie(code=series, name=name, series=series, **values))

    def activity(self, code: str, name: str, regie: Regie | None, **fields: Any) -> Activity:
        return add(
            self.session,
            Activity(
                code=code,
                name=name,
                type_id=self.alsh.type_id,
                regie_id=regie.id if regie else None,
                **fields,
            ),
        )

    def slot(self, activity: Activity, code: str, name: str, **fields: Any) -> Slot:
        return add(self.session, Slot(activity_id=activity.id, code=code, name=name, **fields))

    def family(self, name: str = "Martin", number: str | None = None) -> Family:
        """A family with one adult, its payer, living at an address."""
        rank = next(self._numbers)
        adult = self.person("Jeanne", name, civility="Madame")
        family = add(
            self.session,
            Family(
                number=number or f"F{rank:04d}",
                label=name,
                address="12 rue des Bonbons",
                postcode="31400",
                town="Saint-Jean",
                payer_id=adult.id,
                search_key=name.lower(),
                sort_key=name.lower(),
            ),
        )
        self.member(family, adult, MemberRole.ADULT, holder=True)
        return family

    def person(self, first_name: str, last_name: str, **fields: Any) -> Person:
        key = f"{last_name} {first_name}".lower()
        return add(
            self.session,
            Person(first_name=first_name, last_name=last_name, search_key=key, sort_key=key, **fields),
        )

    def member(self, family: Family, person: Person, role: MemberRole, *, holder: bool = False) -> None:
        add(self.session, Membership(family_id=family.id, person_id=person.id, role=role, holder=holder))

    def child(self, family: Family, first_name: str = "Léa", birth_date: date = date(2021, 5, 2)) -> Person:
        child = self.person(first_name, family.label, birth_date=birth_date)
        self.member(family, child, MemberRole.CHILD)
        return child

    def enrol(self, family: Family, child: Person, activity: Activity, **fields: Any) -> Enrolment:
        return add(
            self.session,
            Enrolment(
                child_id=child.id,
                family_id=family.id,
                activity_id=activity.id,
                state=EnrolmentState.ACTIVE,
                **{"starts_on": YEAR_START, "ends_on": YEAR_END, **fields},
            ),
        )

    def book(
        self,
        enrolment: Enrolment,
        slot: Slot,
        *days: date,
        state: BookingState = BookingState.BOOKED,
        attendance: Attendance = Attendance.PRESENT,
    ) -> list[Booking]:
        rows = [
            Booking(
                enrolment_id=enrolment.id,
                child_id=enrolment.child_id,
                family_id=enrolment.family_id,
                activity_id=enrolment.activity_id,
                slot_id=slot.id,
                date=day,
                state=state,
                attendance=Attendance.UNKNOWN if state is BookingState.CANCELLED else attendance,
            )
            for day in days
        ]
        self.session.add_all(rows)
        self.session.flush()  # the caller looks at their ids
        return rows

    def single(self, activity: Activity, cents: int, **fields: Any) -> Tariff:
        return self._tariff(activity, TariffMethod.SINGLE, amount_cents=cents, **fields)

    def effort(self, activity: Activity, rate: str, minimum: int, maximum: int, **fields: Any) -> Tariff:
        return self._tariff(
            activity,
            TariffMethod.EFFORT_RATE,
            rate=rate,
            minimum_cents=minimum,
            maximum_cents=maximum,
            **fields,
        )

    def grid(self, activity: Activity, *steps: tuple[int, int | None, int], **fields: Any) -> Tariff:
        tariff = self._tariff(activity, TariffMethod.QF_BRACKETS, **fields)
        for qf_from, qf_below, cents in steps:
            add(
                self.session,
                Bracket(tariff_id=tariff.id, qf_from=qf_from, qf_below=qf_below, amount_cents=cents),
            )
        return tariff

    def _tariff(self, activity: Activity, method: TariffMethod, **fields: Any) -> Tariff:
        rank = next(self._numbers)
        values = {"name": f"Tarif {activity.name}", "valid_from": date(2014, 1, 1), **fields}
        values.setdefault("eligible_mode", EligibleMode.ALL)
        return add(self.session, Tariff(code=f"T{rank}", activity_id=activity.id, method=method, **values))

    def quotient(
        self, family: Family, value: int | None, start: date, end: date = date(9999, 12, 31)
    ) -> None:
        add(
            self.session,
            Quotient(
                family_id=family.id,
                source=QuotientSource.CAF,
                value=value,
                valid_from=start,
                valid_until=end,
            ),
        )


def found(session: Session) -> Town:
    """Lay the régie `AL` with ALSH (journée) and canteen (repas, not eligible for attestations by its tariffs)."""
    regie = add(
        session,
        Regie(
            code="ALSH",
            name="Régie garderie ALSH",
            series="AL",
            modes=["cheque", "cash", "card"],
            due_days=22,
            payment_terms="Chèque à l’ordre du Trésor public",
        ),
    )
    kind = add(session, ActivityType(code="LOISIRS", name="Accueil de loisirs"))
    alsh = add(session, Activity(code="ALSH", name="ALSH mercredi", type_id=kind.id, regie_id=regie.id))
    canteen = add(session, Activity(code="CANT", name="Restauration", type_id=kind.id, regie_id=regie.id))
    journee = add(session, Slot(activity_id=alsh.id, code="J", name="Journée"))
    repas = add(session, Slot(activity_id=canteen.id, code="R", name="Repas", meal=True))
    return Town(session, regie, alsh, canteen, journee, repas)
