"""Any file: rows erased, doubled, emptied, filled with anything. The transfer names what it leaves, and what results is sound."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from guichet.models.database import Database
from guichet.services import transaction, verify
from guichet.services.noethys import import_noethys, written
from guichet.services.noethys.reader import PRIMARY_KEYS
from guichet.services.transaction import Context
from tests.services.noethys_files import SCHEMA, NoethysDraft

ANYTHING = [
    None, "", 0, -1, 1, 2, 3, 999999, "abc", "0000-00-00", "2015-1-5", "2015-02-30", "2015-01-05 10:00:00", "12,50",
    "12.299999", -12.5, 12.299999, 1e300, float("inf"), 0.005, "é\x00x", "x" * 500, "annulation", "2999-01-01", "1;2;3",
    "attente", "9" * 25, b"\x00\xff", 2**40, "07:30", "25:99", " 3 ",
]  # fmt: skip
MONEY = ("prestations", "factures", "reglements", "ventilation", "deductions", "depots")


def rich_town(path: Path) -> Path:
    """A little of everything."""
    with NoethysDraft(path) as draft:
        draft.add("organisateur", nom="Ville d'Essai", cp="73200", ville="ESSAI")
        prefix = draft.add("factures_prefixes", nom="Loisirs", prefixe="AL")
        regie = draft.add("factures_regies", nom="Régie")
        activity, group, slots = draft.activity("Centre de loisirs", "Journée", "Repas", "Matin", regie=regie)
        draft.add("unites_incompat", IDunite=slots[0], IDunite_incompatible=slots[2])
        filling = draft.add("unites_remplissage", IDactivite=activity, nom="Places")
        draft.add("unites_remplissage_unites", IDunite_remplissage=filling, IDunite=slots[0])
        name = draft.add("noms_tarifs", IDactivite=activity, nom="Journée")
        tariff = draft.add(
            "tarifs",
            IDactivite=activity,
            IDnom_tarif=name,
            type="JOURN",
            methode="qf",
            date_debut="2014-01-01",
        )
        combination = draft.add("combi_tarifs", IDtarif=tariff, type="JOURN")
        draft.add("combi_tarifs_unites", IDcombi_tarif=combination, IDtarif=tariff, IDunite=slots[0])
        for low, high, price in ((0, 399, 8.0), (400, 9999, 10.0)):
            draft.add("tarifs_lignes", IDtarif=tariff, qf_min=low, qf_max=high, montant_unique=price)
        mode = draft.add("modes_reglements", label="Chèque")
        deposit = draft.add("depots", date="2015-03-05", nom="Mars")
        draft.add("vacances", nom="Été", date_debut="2015-07-04", date_fin="2015-08-31")
        draft.add("jours_feries", type="fixe", nom="Noël", jour=25, mois=12, annee=0)
        kind = draft.add("types_pieces", nom="Fiche", public="individu")
        for family in range(1, 5):
            children = draft.family(family, "Lise", "Noé")
            draft.add(
                "quotients",
                IDfamille=family,
                date_debut="2015-01-01",
                date_fin="2015-12-31",
                quotient=300 + family,
            )
            for child in children:
                draft.add("pieces", IDtype_piece=kind, IDindividu=child, date_debut="2015-01-01")
                draft.add("problemes_sante", IDindividu=child, intitule="Allergie")
                draft.add(
                    "liens",
                    IDfamille=family,
                    IDindividu_sujet=child - 2,
                    IDtype_lien=1,
                    IDindividu_objet=child,
                )
                enrolment = draft.enrol(child, family, activity, group)
                charges = []
                for day in (7, 14, 21, 28):
                    when = f"2015-01-{day:02d}"
                    charge = draft.charge(
                        family, 12.3 + day, date=when, IDindividu=child, IDactivite=activity, IDtarif=tariff
                    )
                    draft.add("deductions", IDprestation=charge, montant=0.0, label="Aide")
                    for slot in slots[:2]:
                        draft.add(
                            "consommations", IDindividu=child, IDinscription=enrolment, IDactivite=activity, IDunite=slot,
                            IDgroupe=group, date=when, etat="present", IDprestation=charge, IDcompte_payeur=family,
                        )  # fmt: skip
                    draft.add("ouvertures", IDactivite=activity, IDunite=slots[0], IDgroupe=group, date=when)
                    draft.add(
                        "remplissage",
                        IDactivite=activity,
                        IDunite_remplissage=filling,
                        IDgroupe=group,
                        date=when,
                        places=3,
                    )
                    charges.append(charge)
                total = sum(12.3 + day for day in (7, 14))
                draft.invoice(
                    family, family * 10 + child, total, *charges[:2], IDprefixe=prefix, IDregie=regie
                )
                payment = draft.payment(family, 45.6, IDmode=mode, IDdepot=deposit)
                for charge in charges[:2]:
                    draft.pay(payment, charge, 19.3, family)
    return path


def spoil(path: Path, dice: random.Random) -> None:
    """Some of what hands, bugs and years do to a file."""
    tables = sorted(set(SCHEMA) & set(PRIMARY_KEYS) - {"parametres"})
    with closing(sqlite3.connect(path)) as connection:
        for _ in range(dice.randint(5, 40)):
            table = dice.choice(tables if dice.random() < 0.5 else MONEY)
            keys = [row[0] for row in connection.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]
            if not keys:
                continue
            chosen = dice.sample(keys, min(len(keys), dice.choice([1, 1, 3, 20])))
            marks = ", ".join("?" for _ in chosen)
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")][1:]
            act, listed = dice.random(), ", ".join(columns)
            if act < 0.15:
                connection.execute(f"DELETE FROM {table} WHERE rowid IN ({marks})", chosen)
            elif act < 0.3:
                copy = f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {table} WHERE rowid IN ({marks})"
                connection.execute(copy, chosen)
            else:
                change = f"UPDATE {table} SET {dice.choice(columns)} = ? WHERE rowid IN ({marks})"
                connection.execute(change, [dice.choice(ANYTHING), *chosen])
        connection.commit()


@pytest.mark.parametrize("seed", range(6))
def test_any_file_comes_or_is_named_row_by_row_and_the_base_is_sound(
    database: Database, context: Context, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    path = rich_town(tmp_path / "Ville_DATA.dat")
    for _ in range(2):
        spoil(path, dice)
        report = import_noethys(database, context, path)
        for count in report.kinds:
            assert count.read == count.imported + count.already + count.left_out, count.kind
        assert transaction.read(database, context, verify.verify).findings == ()
        assert report.file_name in written(report)
        lost = {row.kind for row in report.left_out} & {"prestations", "factures", "reglements"}
        if not (lost or report.changed or report.gone):
            assert all(balance.agrees for balance in report.balances)
    again = import_noethys(database, context, path)
    assert {count.kind: count.imported for count in again.kinds if count.imported} == {}
