"""People, offer, enrolments and bookings of Noethys files as towns really have them."""

from datetime import date, time
from pathlib import Path

import pytest

from guichet.models.bookings import Attendance, Booking, BookingState, Enrolment, EnrolmentState
from guichet.models.database import Database
from guichet.models.dossiers import Document, DocumentScope, DocumentType
from guichet.models.money import Bracket, Tariff
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
    SlotUnit,
    Supervision,
)
from guichet.models.people import (
    AuthorisedPerson,
    Family,
    HealthSheet,
    MemberRole,
    Membership,
    Person,
    Quotient,
    QuotientSource,
    Schooling,
    SendingMode,
)
from guichet.models.settings import Holiday, HolidayKind, SchoolYear
from guichet.rules.tariffs import EligibleMode
from guichet.services import families, settings, transaction, verify
from guichet.services.families import FamilyQuery
from guichet.services.noethys import NoethysReport, import_noethys
from guichet.services.transaction import Context
from tests.services.noethys_files import NoethysDraft
from tests.services.noethys_help import rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Ville_DATA.dat"


def bring(database: Database, context: Context, path: Path) -> NoethysReport:
    report = import_noethys(database, context, path)
    assert transaction.read(database, context, verify.verify).findings == ()
    return report


def left_out(report: NoethysReport, kind: str) -> dict[str, str]:
    return {row.key: row.reason for row in report.left_out if row.kind == kind}


def noted(report: NoethysReport, kind: str) -> set[str]:
    return {note.key for note in report.notes if note.kind == kind}


def test_people_with_their_addresses_wherever_noethys_keeps_them(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        father = draft.person(
            "Paul", "DUPONT", IDcivilite=1, rue_resid="3 rue Haute", cp_resid="73200", ville_resid="ALBERTVILLE",
            tel_mobile="06.12.34.56.78.", mail="paul@example.org", num_secu="1 80 01 73 011 001 22",
        )  # fmt: skip
        mother = draft.person("Zoé", "PETIT", IDcivilite=3, adresse_auto=father)
        child = draft.person("Lise", "DUPONT", IDcivilite=5, adresse_auto=mother, date_naiss="2011-2-29")
        loop = draft.person("Boucle", "UN", adresse_auto=5)
        assert loop == 4
        draft.person("Boucle", "DEUX", adresse_auto=4)
        draft.person("Perdu", "TROIS", adresse_auto=999)
        draft.person("", "", etat="efface")
        draft.add(
            "familles", IDfamille=1, IDcompte_payeur=1, titulaire_helios=mother, email_factures="1;perso;"
        )
        for person, category in ((father, 1), (mother, 1), (child, 2)):
            draft.add(
                "rattachements",
                IDindividu=person,
                IDfamille=1,
                IDcategorie=category,
                titulaire=int(category == 1),
            )
    report = bring(database, context, path)
    people = {row.first_name: row for row in rows(database, Person)}
    assert {people[name].town for name in ("Paul", "Zoé", "Lise")} == {"ALBERTVILLE"}
    assert people["Paul"].mobile_phone == "06 12 34 56 78"
    assert people["Lise"].birth_date is None
    assert people["Perdu"].address is None
    assert noted(report, "individus") == {"3", "4", "5", "6", "7"}
    (family,) = rows(database, Family)
    assert (family.label, family.town) == ("DUPONT Paul et PETIT Zoé", "ALBERTVILLE")
    assert family.payer_id == people["Zoé"].id
    assert (family.sending_mode, family.invoice_email) == (SendingMode.EMAIL, "paul@example.org")
    assert "1 80 01" not in str(vars(people["Paul"])), "the social security number never comes"
    for words in ("dupont lise", "0612345678", "petit", "paul@example.org"):
        found = transaction.read(database, context, families.search, FamilyQuery(text=words))
        assert [row.number for row in found.rows] == ["1"], words


def test_families_as_odd_as_they_come(database: Database, context: Context, path: Path) -> None:
    with NoethysDraft(path) as draft:
        (shared,) = draft.family(1, "Lise")
        draft.family(2, name="DURAND")
        second = draft.add("rattachements", IDindividu=shared, IDfamille=2, IDcategorie=2)
        again = draft.add("rattachements", IDindividu=shared, IDfamille=2, IDcategorie=1)
        nobody = draft.add("rattachements", IDindividu=999, IDfamille=2, IDcategorie=2)
        nowhere = draft.add("rattachements", IDindividu=shared, IDfamille=999, IDcategorie=2)
        odd = draft.add(
            "rattachements", IDindividu=draft.person("Tante", "Odile"), IDfamille=2, IDcategorie=None
        )
        draft.add("familles", IDfamille=3, IDcompte_payeur=None, etat="archive")
        alone = draft.person("Noé", "SEUL", IDcivilite=4)
        draft.add("familles", IDfamille=4)
        draft.add("rattachements", IDindividu=alone, IDfamille=4, IDcategorie=2)
    report = bring(database, context, path)
    assert set(left_out(report, "rattachements")) == {str(again), str(nobody), str(nowhere)}
    assert noted(report, "rattachements") == {str(odd)}
    found = {row.number: row for row in rows(database, Family)}
    assert found["3"].archived
    assert (found["3"].label, found["4"].label) == ("Famille n° 3", "SEUL Noé")
    assert found["4"].payer_id is None
    child = next(row for row in rows(database, Person) if row.first_name == "Lise")
    both = [row.family_id for row in rows(database, Membership) if row.person_id == child.id]
    assert sorted(both) == sorted([found["1"].id, found["2"].id])
    assert second


def test_who_may_fetch_a_child_and_who_may_not(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        (child,) = draft.family(1, "Lise")
        aunt = draft.person("Odile", "TANTE", IDcivilite=3, tel_domicile="0479000000")
        draft.add("rattachements", IDindividu=aunt, IDfamille=1, IDcategorie=3)
        draft.add(
            "liens", IDfamille=1, IDindividu_sujet=1, IDtype_lien=1, IDindividu_objet=child, IDautorisation=4
        )
        draft.add(
            "liens", IDfamille=1, IDindividu_sujet=2, IDtype_lien=1, IDindividu_objet=child, IDautorisation=1
        )
        draft.add(
            "liens",
            IDfamille=1,
            IDindividu_sujet=aunt,
            IDtype_lien=6,
            IDindividu_objet=child,
            IDautorisation=3,
        )
        gone = draft.add("liens", IDfamille=1, IDindividu_sujet=999, IDtype_lien=1, IDindividu_objet=child)
    report = bring(sqlite_database, context, path)
    names = {row.id: row.first_name for row in rows(sqlite_database, Person)}
    qualities = {names[row.person_id]: row.quality for row in rows(sqlite_database, Membership)}
    assert qualities == {
        "Paul": "père (raccompagnement interdit)",
        "Jeanne": "mère",
        "Odile": "tante",
        "Lise": None,
    }
    assert [(row.name, row.relation, row.phone) for row in rows(sqlite_database, AuthorisedPerson)] == [
        ("TANTE Odile", "tante", "04 79 00 00 00")
    ]
    assert set(left_out(report, "liens")) == {str(gone)}


def test_quotients_that_overlap_give_way_to_the_one_that_begins_last(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        caf = draft.add("types_quotients", nom="CAF")
        for start, end, value in (
            ("2014-01-01", "2016-12-31", 500),
            ("2015-01-01", "2015-12-31", "620.5"),
            ("2015-01-01", "2015-12-31", 640),
            ("2017-01-01", None, None),
        ):
            draft.add(
                "quotients", IDfamille=1, date_debut=start, date_fin=end, quotient=value, IDtype_quotient=caf
            )
        bad = [
            draft.add("quotients", IDfamille=99, date_debut="2014-01-01", quotient=1),
            draft.add("quotients", IDfamille=1, date_debut="0000-00-00", quotient=1),
            draft.add("quotients", IDfamille=1, date_debut="2030-01-01", date_fin="2029-01-01", quotient=1),
            draft.add("quotients", IDfamille=1, date_debut="2030-01-01", quotient=-5),
            draft.add("quotients", IDfamille=1, date_debut="2030-01-01", quotient="beaucoup"),
        ]
    report = bring(database, context, path)
    found = [
        (row.valid_from.isoformat(), row.valid_until.isoformat(), row.value, row.source)
        for row in rows(database, Quotient, Quotient.valid_from)
    ]
    assert found == [
        ("2014-01-01", "2014-12-31", 500, QuotientSource.CAF),
        ("2015-01-01", "2015-12-31", 640, QuotientSource.CAF),
        ("2016-01-01", "2016-12-31", 500, QuotientSource.CAF),
        ("2017-01-01", "9999-12-31", None, QuotientSource.CAF),
    ]
    assert set(left_out(report, "quotients")) == {"2", *map(str, bad)}
    assert noted(report, "quotients") == {"1"}


def test_health_schooling_and_pieces(sqlite_database: Database, context: Context, path: Path) -> None:
    with NoethysDraft(path) as draft:
        (child,) = draft.family(1, "Lise")
        doctor = draft.add("medecins", nom="SOIGNE", prenom="Ana", tel_cabinet="0479000000")
        draft.sql("UPDATE individus SET IDmedecin = ? WHERE IDindividu = ?", doctor, child)
        food = draft.add("categories_medicales", nom="Alimentation")
        draft.add(
            "problemes_sante",
            IDindividu=child,
            IDtype=food,
            intitule="Allergie aux œufs",
            description="Crus et cuits",
        )
        draft.add(
            "problemes_sante",
            IDindividu=child,
            intitule="Lunettes",
            description_traitement="À garder en sport",
        )
        nobody = draft.add("problemes_sante", IDindividu=999, intitule="Rien")
        school = draft.add("ecoles", nom="École du Centre")
        draft.add(
            "scolarite", IDindividu=child, IDecole=school, date_debut="2015-09-01", date_fin="2016-07-05"
        )
        undated = draft.add("scolarite", IDindividu=child, IDecole=school, date_debut="2016-09-01")
        kind = draft.add("types_pieces", nom="Fiche sanitaire", public="individu", duree_validite="j0-m0-a1")
        of_family = draft.add("types_pieces", nom="Justificatif", public="famille", duree_validite="")
        draft.add(
            "pieces",
            IDtype_piece=kind,
            IDindividu=child,
            IDfamille=1,
            date_debut="2015-09-01",
            date_fin="2016-08-31",
        )
        draft.add(
            "pieces", IDtype_piece=of_family, IDfamille=1, date_debut="2015-09-01", date_fin="2999-01-01"
        )
        lost = draft.add("pieces", IDtype_piece=99, IDfamille=1, date_debut="2015-09-01")
    report = bring(sqlite_database, context, path)
    (sheet,) = rows(sqlite_database, HealthSheet)
    assert sheet.allergies == "Allergie aux œufs : Crus et cuits"
    assert (sheet.notes, sheet.treatment) == ("Lunettes", "Lunettes : À garder en sport")
    assert (sheet.doctor, sheet.doctor_phone) == ("Ana SOIGNE", "0479000000")
    assert [row.starts_on for row in rows(sqlite_database, Schooling)] == [date(2015, 9, 1)]
    kinds = [(row.scope, row.validity_days) for row in rows(sqlite_database, DocumentType)]
    assert kinds == [(DocumentScope.CHILD, 365), (DocumentScope.FAMILY, None)]
    pieces = [(row.valid_until, row.person_id is None) for row in rows(sqlite_database, Document)]
    assert pieces == [(date(2016, 8, 31), False), (None, True)]
    assert set(left_out(report, "problemes_sante")) == {str(nobody)}
    assert set(left_out(report, "scolarite")) == {str(undated)}
    assert set(left_out(report, "pieces")) == {str(lost)}


def test_the_calendar_and_its_school_years(sqlite_database: Database, context: Context, path: Path) -> None:
    with NoethysDraft(path) as draft:
        for start, end in (("2024-07-06", "2024-09-01"), ("2025-07-05", "2025-08-31")):
            draft.add("vacances", nom="Été", annee=int(start[:4]), date_debut=start, date_fin=end)
        draft.add("vacances", nom="Noël", annee=2025, date_debut="2025-12-20", date_fin="2026-01-04")
        backwards = draft.add(
            "vacances", nom="Février", annee=2026, date_debut="2026-03-01", date_fin="2026-02-14"
        )
        draft.add("jours_feries", type="fixe", nom="Noël", jour=25, mois=12, annee=0)
        draft.add("jours_feries", type="variable", nom="Ascension", jour=14, mois=5, annee=2026)
        draft.family(1)
        draft.payment(1, 5.0, date="2011-03-18")
        draft.payment(1, 5.0, date="1789-07-14")
        impossible = draft.add("jours_feries", type="variable", nom="Rien", jour=31, mois=2, annee=2026)
    report = bring(sqlite_database, context, path)
    found = rows(sqlite_database, Holiday)
    assert {row.starts_on for row in found if row.kind is HolidayKind.SUMMER} == {
        date(2024, 7, 6),
        date(2025, 7, 5),
    }
    assert {row.starts_on for row in found if row.kind is HolidayKind.PUBLIC} == {
        date(2024, 12, 25), date(2025, 12, 25), date(2026, 12, 25), date(2027, 12, 25), date(2026, 5, 14)
    }  # fmt: skip
    years = {row.label: (row.starts_on, row.ends_on) for row in rows(sqlite_database, SchoolYear)}
    assert years["2024-2025"] == (date(2024, 7, 6), date(2025, 7, 4)), (
        "from one summer of the file to the next"
    )
    assert years["2010-2011"][0] <= date(2011, 3, 18) <= years["2010-2011"][1], (
        "the first payment has its year"
    )
    assert years["2025-2026"][0] == date(2025, 7, 5)
    assert len(years) == 2026 - 2010 + 1, "from the first document one can date to the year to come"
    assert set(left_out(report, "vacances")) == {str(backwards)}
    assert set(left_out(report, "jours_feries")) == {str(impossible)}


def test_activities_their_slots_and_groups(sqlite_database: Database, context: Context, path: Path) -> None:
    with NoethysDraft(path) as draft:
        draft.add("organisateur", nom="Ville d'Essai", rue="1 place", cp="73200", ville="ESSAI")
        cafeteria, _, (meal,) = draft.activity(
            "Restauration scolaire", "Repas", date_debut="1977-01-01", date_fin="2999-01-01"
        )
        draft.activity("Séjour neige", "Journée", date_debut="2015-02-09", date_fin="2015-02-13")
        sport, _, _ = draft.activity("École municipale des sports", "Séance")
        draft.sql(
            "UPDATE activites SET coords_org = 0, nom = 'Sports', rue = 'Stade', ville = 'ESSAI' WHERE IDactivite = ?",
            sport,
        )
        for name, kind in (
            ("Heures", "Horaire"),
            ("Doses", "Quantite"),
            ("Fête", "Evenement"),
            ("Mystère", "Cubique"),
        ):
            draft.add("unites", IDactivite=cafeteria, nom=name, abrege="REP", type=kind)
        orphan = draft.add("unites", IDactivite=99, nom="Perdue", type="Unitaire")
        for name in ("3-6 ans", "6-12 ans", "moins de 3 ans", "plus de 12 ans", "Les grands"):
            draft.add("groupes", IDactivite=cafeteria, nom=name)
        draft.sql("DELETE FROM groupes WHERE nom = '3-12 ans'")
    report = bring(sqlite_database, context, path)
    kinds = {row.id: row.name for row in rows(sqlite_database, ActivityType)}
    places = {row.id: row.name for row in rows(sqlite_database, Facility)}
    found = {row.name: row for row in rows(sqlite_database, Activity)}
    assert {name: kinds[row.type_id] for name, row in found.items()} == {
        "Restauration scolaire": "Périscolaire",
        "Séjour neige": "Accueil de loisirs",
        "Sports": "EMS",
    }
    assert found["Séjour neige"].supervision is Supervision.EXTRASCOLAIRE
    assert found["Restauration scolaire"].ends_on is None
    assert found["Séjour neige"].ends_on == date(2015, 2, 13)
    assert places[found["Sports"].facility_id] == "Sports"
    assert places[found["Restauration scolaire"].facility_id] == "Ville d'Essai"
    slots = [
        row for row in rows(sqlite_database, Slot) if row.activity_id == found["Restauration scolaire"].id
    ]
    assert [row.unit for row in slots] == [
        SlotUnit.DAY, SlotUnit.HOUR, SlotUnit.QUANTITY, SlotUnit.DAY, SlotUnit.DAY
    ]  # fmt: skip
    assert len({row.code for row in slots}) == 5
    ages = {row.name: (row.min_age, row.max_age) for row in rows(sqlite_database, AgeGroup)}
    assert ages == {
        "3-6 ans": (3, 5),
        "6-12 ans": (6, 11),
        "moins de 3 ans": (None, 2),
        "plus de 12 ans": (12, None),
        "Les grands": (None, None),
    }
    assert set(left_out(report, "unites")) == {str(orphan)}
    assert meal


def test_places_by_group_or_all_together_and_days_that_came_overfull(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        children = draft.family(1, "Lise", "Noé", "Zoé")
        activity, group, (day,) = draft.activity()
        filling = draft.add("unites_remplissage", IDactivite=activity, nom="Accueil", ordre=1)
        draft.add("unites_remplissage_unites", IDunite_remplissage=filling, IDunite=day)
        unlimited = draft.add("unites_remplissage", IDactivite=activity, nom="Sans limite")
        beside = draft.add("unites_remplissage_unites", IDunite_remplissage=unlimited, IDunite=day)
        keys = [
            draft.add("remplissage", IDactivite=activity, IDunite_remplissage=filling, IDgroupe=which, date=when, places=places)
            for which, when, places in (
                (group, "2015-01-07", 2), (0, "2015-01-07", 30), (group, "2015-01-14", 0), (group, "2015-01-21", None),
                (group, "2015-01-07", 9), (99, "2015-01-07", 5), (group, "hier", 5),
            )
        ]  # fmt: skip
        for when in ("2015-01-07", "2015-01-07", "2015-01-14"):
            draft.add("ouvertures", IDactivite=activity, IDunite=day, IDgroupe=group, date=when)
        for child in children:
            enrolment = draft.enrol(child, 1, activity, group)
            draft.add(
                "consommations", IDindividu=child, IDinscription=enrolment, IDactivite=activity, IDunite=day, IDgroupe=group,
                date="2015-01-07", etat="reservation",
            )  # fmt: skip
    report = bring(database, context, path)
    pools = {row.id: (row.name, row.group_id is None) for row in rows(database, CapacityPool)}
    days = [(pools[row.pool_id], row.date, row.size, row.overfull) for row in rows(database, PoolDay)]
    assert days == [
        (("Accueil, 3-12 ans", False), date(2015, 1, 7), 2, True),
        (("Accueil", True), date(2015, 1, 7), 30, False),
    ]
    assert len(rows(database, PoolSlot)) == 2
    assert set(left_out(report, "remplissage")) == {str(key) for key in keys[2:]}
    assert set(left_out(report, "unites_remplissage")) == {str(unlimited)}
    assert set(left_out(report, "unites_remplissage_unites")) == {str(beside)}
    assert [(row.size, row.booked) for row in report.overfull] == [(2, 3)]
    assert len(rows(database, Opening)) == 2


def test_tariffs_that_guichet_can_apply_come_and_the_others_are_named(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        activity, _, (day, meal) = draft.activity("Accueil de loisirs", "Journée", "Repas")
        here = draft.add("categories_tarifs", IDactivite=activity, nom="Commune")

        def tariff(name: str, slots: list[int], lines: list[dict[str, object]], **values: object) -> str:
            label = draft.add("noms_tarifs", IDactivite=activity, nom=name)
            row = {"type": "JOURN", "methode": "montant_unique", "date_debut": "2015-01-01"} | values
            key = draft.add("tarifs", IDactivite=activity, IDnom_tarif=label, **row)
            combination = draft.add("combi_tarifs", IDtarif=key, type="JOURN")
            for slot in slots:
                draft.add("combi_tarifs_unites", IDcombi_tarif=combination, IDtarif=key, IDunite=slot)
            for number, line in enumerate(lines):
                draft.add("tarifs_lignes", IDactivite=activity, IDtarif=key, num_ligne=number, **line)
            return str(key)

        grid: list[dict[str, object]] = [
            {"qf_min": 400, "qf_max": 599, "montant_unique": 9.0},
            {"qf_min": 0, "qf_max": 399, "montant_unique": 8.15},
            {"qf_min": 600, "qf_max": 9999, "montant_unique": 10.0},
            {"qf_min": 600, "qf_max": 700, "montant_unique": None},
        ]
        tariff("Journée", [day], grid, methode="qf", categories_tarifs=str(here))
        tariff("Repas", [meal], [{"montant_unique": 3.05}])
        others = [
            tariff("Ensemble", [day, meal], [{"montant_unique": 11.0}]),
            tariff("Heures", [day], [{"montant_unique": 1.0}], methode="duree_montant_unique"),
            tariff("Forfait", [day], [{"montant_unique": 1.0}], type="FORFAIT"),
            tariff("Mercredi", [day], [{"montant_unique": 1.0}], jours_scolaires="2"),
            tariff("Semaine", [day], [{"montant_unique": 1.0}], condition_nbre_combi=5),
            tariff("Muet", [day], [{"montant_unique": None}]),
            tariff("Envers", [day], [{"montant_unique": 1.0}], date_fin="2014-01-01"),
        ]
        orphan = draft.add("tarifs_lignes", IDtarif=999, montant_unique=1.0)
    report = bring(sqlite_database, context, path)
    by_day, alone = rows(sqlite_database, Tariff)
    assert (by_day.name, by_day.category, by_day.eligible_mode) == ("Journée", "Commune", EligibleMode.ALL)
    assert (alone.name, alone.amount_cents, alone.eligible_mode) == ("Repas", 305, EligibleMode.NONE)
    assert [(row.qf_from, row.qf_below, row.amount_cents) for row in rows(sqlite_database, Bracket)] == [
        (0, 400, 815),
        (400, 600, 900),
        (600, None, 1000),
    ]
    assert set(left_out(report, "tarifs")) == set(others)
    assert str(orphan) in left_out(report, "tarifs_lignes")


def test_enrolments_that_overlap_become_one(database: Database, context: Context, path: Path) -> None:
    with NoethysDraft(path) as draft:
        (child,) = draft.family(1, "Lise")
        activity, group, (day,) = draft.activity()
        older = draft.add("groupes", IDactivite=activity, nom="Grands")
        first = draft.enrol(
            child, 1, activity, group, date_inscription="2015-01-05", date_desinscription="2015-06-30"
        )
        second = draft.enrol(child, 1, activity, older, date_inscription="2015-06-01")
        left = draft.enrol(
            child,
            1,
            activity,
            group,
            date_inscription="2013-01-01",
            date_desinscription="2014-12-31",
            parti=1,
        )
        refused = draft.enrol(child, 1, activity, group, date_inscription="2015-03-01", statut="refus")
        lost = [
            draft.enrol(99, 1, activity, group),
            draft.enrol(child, 98, activity, group),
            draft.enrol(child, 1, 97, group),
        ]
        for key in (first, second):
            draft.add(
                "consommations", IDindividu=child, IDinscription=key, IDactivite=activity, IDunite=day, IDgroupe=group,
                date=f"2015-0{key}-07", etat="present",
            )  # fmt: skip
    report = bring(database, context, path)
    found = [
        (row.state, row.starts_on.isoformat(), row.ends_on.isoformat())
        for row in rows(database, Enrolment, Enrolment.starts_on)
    ]
    assert found == [
        (EnrolmentState.ACTIVE, "2013-01-01", "2014-12-31"),
        (EnrolmentState.ACTIVE, "2015-01-05", "9999-12-31"),
        (EnrolmentState.CANCELLED, "2015-03-01", "9999-12-31"),
    ]
    assert len({row.enrolment_id for row in rows(database, Booking)}) == 1
    assert noted(report, "inscriptions") == {str(second)}
    assert set(left_out(report, "inscriptions")) == set(map(str, lost))
    assert report.count("inscriptions").imported == 4
    assert (left, refused) == (3, 4)


def test_a_child_taken_off_a_family_keeps_what_it_booked_there(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        elsewhere = draft.person("Noé", "AILLEURS")
        activity, group, _ = draft.activity()
        key = draft.enrol(elsewhere, 1, activity, group)
    report = bring(database, context, path)
    assert noted(report, "inscriptions") == {str(key)}
    child = next(row for row in rows(database, Person) if row.first_name == "Noé")
    (membership,) = (row for row in rows(database, Membership) if row.person_id == child.id)
    assert (membership.role, membership.quality) == (MemberRole.CHILD, "rattachement retiré dans Noethys")


def test_bookings_whatever_state_hour_or_link_they_have(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        (child,) = draft.family(1, "Lise")
        activity, group, (day,) = draft.activity()
        hours = draft.add("unites", IDactivite=activity, nom="Garderie", abrege="G", type="Multihoraires")
        enrolment = draft.enrol(child, 1, activity, group)

        def booked(when: str | None, state: str | None, **values: object) -> int:
            row = {
                "IDindividu": child, "IDinscription": enrolment, "IDactivite": activity, "IDunite": day, "IDgroupe": group,
            } | values  # fmt: skip
            return draft.add("consommations", date=when, etat=state, **row)

        waiting = booked("2015-01-07", "attente")
        booked("2015-01-07", "reservation", heure_debut="07:30")
        booked(
            "2015-01-08", "present", badgeage_debut="2015-01-08 07:42:10", badgeage_fin="2015-01-08 18:01:00"
        )
        booked("2015-01-09", "absentj", quantite=3)
        booked("2015-01-10", "absenti", quantite=0)
        booked("2015-01-11", "refus")
        booked("2015-01-12", "attente", date_saisie="2015-01-02")
        booked("2015-01-13", "reservation", IDunite=hours, heure_debut="07:30", heure_fin="08:30")
        booked("2015-01-13", "reservation", IDunite=hours, heure_debut="16:30", heure_fin="17:45")
        adopted = booked("2015-01-14", "reservation", IDinscription=999)
        lost = [
            booked("2015-01-15", "reservation", IDunite=999),
            booked("0000-00-00", "reservation"),
            booked("2015-01-16", "reservation", IDindividu=999, IDinscription=999),
            booked("2015-01-17", "peut-être"),
            booked("2015-01-18", None),
        ]
    report = bring(database, context, path)
    found = [
        (row.date.day, row.state, row.attendance, row.starts_at, row.quantity)
        for row in rows(database, Booking, Booking.date, Booking.starts_at)
    ]
    midnight, unknown = time(0, 0), Attendance.UNKNOWN
    assert found == [
        (7, BookingState.BOOKED, unknown, midnight, 1),
        (8, BookingState.BOOKED, Attendance.PRESENT, midnight, 1),
        (9, BookingState.BOOKED, Attendance.ABSENT_EXCUSED, midnight, 3),
        (10, BookingState.BOOKED, Attendance.ABSENT_BILLED, midnight, 1),
        (11, BookingState.CANCELLED, unknown, midnight, 1),
        (12, BookingState.WAITING, unknown, midnight, 1),
        (13, BookingState.BOOKED, unknown, time(7, 30), 1),
        (13, BookingState.BOOKED, unknown, time(16, 30), 1),
        (14, BookingState.BOOKED, unknown, midnight, 1),
    ]
    present = next(row for row in rows(database, Booking) if row.attendance is Attendance.PRESENT)
    assert (present.arrived_at, present.left_at) == (time(7, 42), time(18, 1))
    assert set(left_out(report, "consommations")) == {str(waiting), *map(str, lost)}
    assert "double" in left_out(report, "consommations")[str(waiting)]
    assert str(adopted) in noted(report, "consommations")


def test_a_child_of_two_families_booked_by_both_keeps_one_booking_and_both_charges(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        (child,) = draft.family(1, "Lise")
        draft.family(2, name="DURAND")
        draft.add("rattachements", IDindividu=child, IDfamille=2, IDcategorie=2)
        activity, group, (day,) = draft.activity()
        for family in (1, 2):
            enrolment = draft.enrol(child, family, activity, group)
            charge = draft.charge(family, 5.0, IDindividu=child, IDactivite=activity)
            draft.add(
                "consommations", IDindividu=child, IDinscription=enrolment, IDactivite=activity, IDunite=day, IDgroupe=group,
                date="2015-01-07", etat="present", IDcompte_payeur=family, IDprestation=charge,
            )  # fmt: skip
    report = bring(database, context, path)
    assert len(rows(database, Enrolment)) == 2
    assert len(rows(database, Booking)) == 1
    assert set(left_out(report, "consommations")) == {"2"}
    assert [balance.with_uninvoiced_cents for balance in report.balances] == [500, 500]


def test_texts_that_no_screen_should_meet(database: Database, context: Context, path: Path) -> None:
    with NoethysDraft(path) as draft:
        person = draft.person("Li\x00se\x07", "  MARTIN  ", profession="x" * 300)
        draft.sql(
            "UPDATE individus SET ville_resid = CAST(? AS TEXT) WHERE IDindividu = ?", b"ORL\xc9ANS", person
        )
    report = bring(database, context, path)
    (row,) = rows(database, Person)
    assert (row.first_name, row.last_name, row.town) == ("Lise", "MARTIN", "ORLÉANS")
    assert len(row.profession) == 240
    assert noted(report, "individus") == {"1"}


def test_the_towns_own_identity_is_never_overwritten(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    transaction.run(sqlite_database, context, settings.change, {"town.name": "Ville de Vrai"})
    with NoethysDraft(path) as draft:
        draft.add("organisateur", nom="Ville d'Essai", cp="73200")
    report = bring(sqlite_database, context, path)
    assert transaction.read(sqlite_database, context, settings.town_for_display).name == "Ville de Vrai"
    assert set(left_out(report, "organisateur")) == {"1"}
