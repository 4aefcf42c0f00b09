"""What is kept of families and children beside their names: quotients, schooling, health, pieces; and the calendar."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from vacances_scolaires_france import SchoolHolidayDates, UnsupportedYearException

from guichet.models.dossiers import DocumentScope, DocumentState, ValidityRule
from guichet.models.people import QuotientSource
from guichet.models.settings import HolidayKind
from guichet.rules.money import round_half_up
from guichet.rules.text import PARIS, fold
from guichet.services.noethys import guess
from guichet.services.noethys.cleaning import LARGEST_WHOLE
from guichet.services.noethys.drafts import Draft, Merged, Unusable, rows_once
from guichet.services.noethys.map_offer import bounded
from guichet.services.noethys.map_people import People
from guichet.services.noethys.reader import NoethysFile, Row
from guichet.services.noethys.report import Tally

NO_END = date(9999, 12, 31)
ONE_DAY = timedelta(days=1)
_NATIONAL_SINCE = 1991


@dataclass(frozen=True)
class QuotientValue:
    """A quotient over some days; a row cut by a later one makes several, of which the first carries its key."""

    key: str
    family: str
    source: QuotientSource
    value: int | None
    income_cents: int | None
    valid_from: date
    valid_until: date
    note: str
    digest: str


@dataclass
class Quotients:
    """Quotients by family, no two of a family on the same day."""

    by_family: dict[str, list[QuotientValue]] = field(default_factory=lambda: defaultdict(list))

    def on(self, family: str, day: date) -> QuotientValue | None:
        """The quotient in force for a family on a day."""
        for quotient in self.by_family.get(family, ()):
            if quotient.valid_from <= day <= quotient.valid_until:
                return quotient
        return None


def map_quotients(file: NoethysFile, tally: Tally, people: People) -> Quotients:
    """Noethys lets quotients of a family overlap; here the one that begins last prevails while it lasts."""
    sources = {row.key: _source(row.text("nom")) for row in file.rows("types_quotients")}
    rows: dict[str, list[QuotientValue]] = defaultdict(list)
    for row in rows_once(file, "quotients", tally):
        try:
            value = _quotient(row, sources, people)
        except Unusable as why:
            tally.leave_out("quotients", row.key, str(why))
        else:
            rows[value.family].append(value)
    quotients = Quotients()
    for family, values in rows.items():
        kept: list[QuotientValue] = []
        for value in sorted(values, key=lambda value: (value.valid_from, len(value.key), value.key)):
            kept = [part for earlier in kept for part in _without(earlier, value)]
            kept.append(value)
        present = {value.key for value in kept}
        for value in values:
            if value.key not in present:
                tally.leave_out(
                    "quotients", value.key, "remplacé par un quotient plus récent aux mêmes dates"
                )
            elif value not in kept:
                tally.note("quotients", value.key, "dates raccourcies : un quotient plus récent prévaut")
        quotients.by_family[family] = sorted(kept, key=lambda value: value.valid_from)
    return quotients


def _quotient(row: Row, sources: Mapping[str, QuotientSource], people: People) -> QuotientValue:
    family, number = people.known_family(row.ref("IDfamille")), row.number("quotient")
    starts, ends = row.day("date_debut"), row.day("date_fin")
    if family is None:
        raise Unusable("famille absente du fichier")
    if starts is None:
        raise Unusable("date de début absente ou illisible")
    if ends is None and not row.blank("date_fin"):
        raise Unusable("date de fin illisible")
    if ends is not None and ends < starts:
        raise Unusable("dates inversées")
    if number is None and not row.blank("quotient"):
        raise Unusable("quotient illisible")
    if number is not None and not 0 <= number <= LARGEST_WHOLE:
        raise Unusable("quotient négatif ou démesuré")
    return QuotientValue(
        key=row.key,
        family=family,
        source=sources.get(row.ref("IDtype_quotient") or "", QuotientSource.IMPORTED),
        value=None if number is None else round_half_up(number),
        income_cents=row.cents("revenu") or None,
        valid_from=starts,
        valid_until=NO_END if ends is None or ends.year >= 2999 else ends,
        note=row.text("observations"),
        digest=row.digest,
    )


def _source(name: str) -> QuotientSource:
    words = set(fold(name).split())
    if "caf" in words:
        return QuotientSource.CAF
    return QuotientSource.MSA if "msa" in words else QuotientSource.IMPORTED


def _without(earlier: QuotientValue, later: QuotientValue) -> Iterator[QuotientValue]:
    """What is left of a quotient once another one takes its days."""
    if earlier.valid_until < later.valid_from or later.valid_until < earlier.valid_from:
        yield earlier
        return
    if earlier.valid_from < later.valid_from:
        yield replace(earlier, valid_until=later.valid_from - ONE_DAY)
    if earlier.valid_until > later.valid_until:
        yield replace(earlier, valid_from=later.valid_until + ONE_DAY)


def schools(file: NoethysFile, tally: Tally) -> list[tuple[Row, str]]:
    """The schools and their names."""
    return [(row, row.text("nom") or f"École {row.key}") for row in rows_once(file, "ecoles", tally)]


def schooling(file: NoethysFile, tally: Tally, people: People) -> Iterator[Draft]:
    """The school and class of each child over some dates."""
    known = {row.key for row in file.rows("ecoles")}
    classes = {row.key: row.text("nom") for row in file.rows("classes")}
    levels = {row.key: row.text("abrege") or row.text("nom") for row in file.rows("niveaux_scolaires")}
    for row in rows_once(file, "scolarite", tally):
        child, school = row.ref("IDindividu"), row.ref("IDecole")
        starts, ends = row.day("date_debut"), row.day("date_fin")
        if child is None or child not in people.persons:
            tally.leave_out("scolarite", row.key, "personne absente du fichier")
        elif starts is None or ends is None or ends < starts:
            tally.leave_out("scolarite", row.key, "dates absentes, illisibles ou inversées")
        else:
            columns = {
                "class_name": classes.get(row.ref("IDclasse") or "") or None,
                "level": levels.get(row.ref("IDniveau") or "") or None,
                "starts_on": starts,
                "ends_on": ends,
            }
            school_ref = ("ecoles", school) if school in known and school else None
            refs = {"child_id": ("individus", child), "school_id": school_ref}
            yield Draft("scolarite", row.key, columns, refs, row.digest)


def health_sheets(file: NoethysFile, tally: Tally, people: People) -> tuple[list[Draft], list[Merged]]:
    """One sheet a child, gathering Noethys's problems, the doctor and the vaccinations; none where nothing is known."""
    problems: dict[str, list[Row]] = defaultdict(list)
    for row in rows_once(file, "problemes_sante", tally):
        child = row.ref("IDindividu")
        if child is None or child not in people.persons:
            tally.leave_out("problemes_sante", row.key, "personne absente du fichier")
        else:
            problems[child].append(row)
    kinds = {row.key: row.text("nom") for row in file.rows("categories_medicales")}
    doctors = {row.key: row for row in file.rows("medecins")}
    vaccines = _vaccinations(file)
    drafts: list[Draft] = []
    merged: list[Merged] = []
    for person in file.rows("individus"):
        if person.key not in people.persons:
            continue
        doctor, own = doctors.get(person.ref("IDmedecin") or ""), problems.get(person.key, [])
        if doctor is None and not own and person.key not in vaccines:
            continue
        sheet = ("individus.sante", person.key)
        columns = _sheet(own, kinds, doctor, vaccines.get(person.key))
        drafts.append(Draft(*sheet, columns, {"child_id": ("individus", person.key)}))
        merged += [Merged("problemes_sante", row.key, sheet, row.digest) for row in own]
    return drafts, merged


def _vaccinations(file: NoethysFile) -> dict[str, str]:
    names = {row.key: row.text("nom") for row in file.rows("types_vaccins")}
    found: dict[str, list[str]] = defaultdict(list)
    for row in file.rows("vaccins"):
        day, child = row.day("date"), row.ref("IDindividu")
        if child is not None:
            when = f" le {day:%d/%m/%Y}" if day else ""
            found[child].append(f"{names.get(row.ref('IDtype_vaccin') or '') or 'vaccin'}{when}")
    return {child: "\n".join(lines) for child, lines in found.items()}


def _sheet(
    problems: Iterable[Row], kinds: Mapping[str, str], doctor: Row | None, vaccinations: str | None
) -> dict[str, object]:
    allergies: list[str] = []
    notes: list[str] = []
    treatments: list[str] = []
    for row in problems:
        title, text = row.text("intitule"), row.text("description")
        line = f"{title} : {text}" if text else title
        is_allergy = "allerg" in fold(f"{kinds.get(row.ref('IDtype') or '', '')} {title}")
        (allergies if is_allergy else notes).append(line)
        if row.text("description_traitement"):
            treatments.append(f"{title} : {row.text('description_traitement')}")
    name = f"{doctor.text('prenom')} {doctor.text('nom')}".strip() if doctor else ""
    return {
        "allergies": "\n".join(allergies) or None,
        "notes": "\n".join(notes) or None,
        "treatment": "\n".join(treatments) or None,
        "doctor": name or None,
        "doctor_phone": (doctor.text("tel_cabinet") or doctor.text("tel_mobile")) if doctor else None,
        "vaccinations": vaccinations,
    }


def document_types(file: NoethysFile, tally: Tally) -> list[Draft]:
    """The kinds of pieces the town asks for; Noethys writes their validity « j0-m0-a1 »."""
    drafts = []
    for row in rows_once(file, "types_pieces", tally):
        days = _validity_days(row.text("duree_validite"))
        columns = {
            "code": f"noethys-{row.key}",
            "label": row.text("nom") or f"Pièce {row.key}",
            "scope": DocumentScope.FAMILY if fold(row.text("public")) == "famille" else DocumentScope.CHILD,
            "validity": ValidityRule.DURATION if days else ValidityRule.UNLIMITED,
            "validity_days": days,
        }
        drafts.append(Draft("types_pieces", row.key, columns, digest=row.digest))
    return drafts


def _validity_days(text: str) -> int | None:
    """Days of « j10-m6-a1 » (a month counts 30, a year 365); None for no limit or a fixed date."""
    counts = {"j": 1, "m": 30, "a": 365}
    total = 0
    for part in text.split("-"):
        if part[:1] in counts and part[1:].isdecimal():
            total += counts[part[0]] * int(part[1:])
    return total if 0 < total < 36500 else None


def documents(file: NoethysFile, tally: Tally, people: People, types: Iterable[Draft]) -> Iterator[Draft]:
    """The pieces handed in, without their pages, which stand in another file."""
    labels = {draft.key: str(draft.columns["label"]) for draft in types}
    for row in rows_once(file, "pieces", tally):
        kind, person = row.ref("IDtype_piece") or "", row.ref("IDindividu")
        family, day = people.known_family(row.ref("IDfamille")), row.day("date_debut")
        person = person if person in people.persons else None
        until = bounded(row.day("date_fin"))
        if kind not in labels:
            tally.leave_out("pieces", row.key, "type de pièce absent du fichier")
        elif person is None and family is None:
            tally.leave_out("pieces", row.key, "ni personne ni famille connue")
        elif day is None:
            tally.leave_out("pieces", row.key, "date absente ou illisible")
        else:
            columns = {
                "state": DocumentState.VALID,
                "name": labels[kind],
                "received_at": datetime.combine(day, time(0, 0), tzinfo=PARIS),
                "valid_from": day,
                "valid_until": until if until is None or until >= day else day,
            }
            refs = {
                "type_id": ("types_pieces", kind),
                "family_id": ("familles", family) if family and person is None else None,
                "person_id": ("individus", person) if person else None,
            }
            yield Draft("pieces", row.key, columns, refs, row.digest)


@dataclass(frozen=True)
class HolidayValue:
    """A stretch of school holidays or a public holiday."""

    key: str
    row_kind: str
    digest: str
    kind: HolidayKind
    name: str
    starts_on: date
    ends_on: date


def holidays(file: NoethysFile, tally: Tally, this_year: int) -> list[HolidayValue]:
    """School holidays, and public ones: a fixed one is written out for each year the file knows, up to next year."""
    found: list[HolidayValue] = []
    years = {this_year, this_year + 1}
    for row in rows_once(file, "vacances", tally):
        starts, ends = row.day("date_debut"), row.day("date_fin")
        if starts is None or ends is None or ends < starts:
            tally.leave_out("vacances", row.key, "dates absentes, illisibles ou inversées")
            continue
        years |= {starts.year, ends.year}
        name = row.text("nom") or "Vacances"
        kind = guess.holiday_kind(name)
        found.append(
            HolidayValue(row.key, "vacances", row.digest, kind, f"{name} {starts.year}", starts, ends)
        )
    rows = list(rows_once(file, "jours_feries", tally))
    years |= {year for row in rows if 1900 < (year := row.whole("annee") or 0) < 2999}
    for row in rows:
        own = (
            [row.whole("annee") or 0]
            if fold(row.text("type")) == "variable"
            else range(min(years), max(years) + 1)
        )
        days = [day for year in own if (day := _day_of(year, row.whole("mois"), row.whole("jour")))]
        if not days:
            tally.leave_out("jours_feries", row.key, "date absente ou impossible")
        found += [
            HolidayValue(
                row.key, "jours_feries", row.digest, HolidayKind.PUBLIC, row.text("nom") or "Férié", day, day
            )
            for day in days
        ]
    return found


def _day_of(year: int, month: int | None, day: int | None) -> date | None:
    try:
        return date(year, month or 0, day or 0)
    except ValueError:
        return None


def school_years(
    values: Iterable[HolidayValue], document_years: Iterable[int], this_year: int
) -> list[tuple[date, date]]:
    """From the first day of each summer to the day before the next one's, from the first document to next year.

    Summers are the file's; where it lacks one, the national calendar's.
    """
    summers = {value.starts_on.year: value.starts_on for value in values if value.kind is HolidayKind.SUMMER}
    first = min((year for year in document_years if _NATIONAL_SINCE <= year <= this_year), default=this_year)
    for year in range(first - 1, this_year + 2):
        national = None if year in summers else _national_summer(year)
        if national:
            summers[year] = national
    return [
        (start, summers[year + 1] - ONE_DAY) for year, start in sorted(summers.items()) if year + 1 in summers
    ]


@lru_cache(maxsize=1)
def _national_calendar() -> SchoolHolidayDates:
    return SchoolHolidayDates()


def _national_summer(year: int) -> date | None:
    """The first day of the summer holidays, the same in every zone; None beyond what the calendar knows."""
    try:
        days = _national_calendar().holidays_for_year_zone_and_name(year, "A", "Vacances d'été")
    except UnsupportedYearException:
        return None
    return min(days, default=None)
