"""Noethys files as towns really have them: whatever one row holds, the money comes to the cent or is named."""

from pathlib import Path

import pytest
from sqlalchemy import select

from guichet.models.bookings import Booking
from guichet.models.database import Database
from guichet.models.money import (
    Allocation,
    Charge,
    ChargeBooking,
    Deposit,
    DepositPayment,
    Invoice,
    InvoiceLine,
    Payment,
    PaymentMode,
    Regie,
)
from guichet.models.people import Family
from guichet.services import transaction, verify
from guichet.services.balances import balances
from guichet.services.noethys import NoethysReport, import_noethys
from guichet.services.transaction import Context
from tests.services.noethys_files import NoethysDraft
from tests.services.noethys_help import rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Ville_DATA.dat"


def bring(database: Database, context: Context, path: Path) -> NoethysReport:
    """Bring the file in; whatever it holds, the base that results is sound."""
    report = import_noethys(database, context, path)
    assert transaction.read(database, context, verify.verify).findings == ()
    return report


def owed(database: Database) -> dict[str, tuple[int, int]]:
    """Both balances by family number: what is invoiced less what is paid, what is charged less what is paid."""
    numbers = {family.id: family.number for family in rows(database, Family)}
    with database.reading() as session:
        found = balances(session)
    return {
        number: (found[key].account, found[key].with_uninvoiced) if key in found else (0, 0)
        for key, number in numbers.items()
    }


def reasons(report: NoethysReport, kind: str) -> dict[str, str]:
    """Why each row of a kind did not come, by its key in Noethys."""
    return {row.key: row.reason for row in report.left_out if row.kind == kind}


def noted(report: NoethysReport, kind: str) -> dict[str, str]:
    return {note.key: note.text for note in report.notes if note.kind == kind}


def test_money_written_as_floats_or_as_text_comes_to_the_cent(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        written = [12.299999999999999, 0.1 + 0.2, "4,15", " 1 234,50 € ", "7.005", 2.675, -3.0]
        charges = [draft.charge(1, amount) for amount in written]
        draft.invoice(1, 1, 1264.325, *charges)
        draft.payment(1, "1263,33")
    report = bring(database, context, path)
    amounts = [
        row.amount_cents
        for row in rows(database, Charge)
        if not row.label.startswith(("Écart", "Contrepartie"))
    ]
    assert amounts == [1230, 30, 415, 123450, 701, 268, -300]
    assert owed(database) == {"1": (126433 - 126333, sum(amounts) - 126333)}
    assert all(balance.agrees for balance in report.balances)


@pytest.mark.parametrize("unreadable", [None, "", "gratuit", float("inf"), "1e99"])
def test_an_amount_that_cannot_be_read_leaves_its_row_out_by_name(
    sqlite_database: Database, context: Context, path: Path, unreadable: object
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        sound, lost = draft.charge(1, 5.0), draft.charge(1, unreadable)
        payment, nothing = draft.payment(1, 5.0), draft.payment(1, unreadable)
        draft.pay(payment, lost, 5.0)
        draft.pay(nothing, sound, unreadable)
    report = bring(sqlite_database, context, path)
    assert reasons(report, "prestations") == {str(lost): "montant absent ou illisible"}
    assert reasons(report, "reglements") == {str(nothing): "montant absent ou illisible"}
    assert len(reasons(report, "ventilation")) == 2
    assert owed(sqlite_database) == {"1": (-500, 0)}


def test_an_invoice_whose_total_is_not_the_sum_of_its_charges_keeps_both(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        first, second = draft.charge(1, 10.0), draft.charge(1, 5.0)
        draft.invoice(1, 7, 18.5, first, second)
        draft.invoice(1, 8, 12.0)
        draft.invoice(1, 9, 0.0)
        draft.payment(1, 4.0)
    report = bring(database, context, path)
    assert [(row.label, row.total_cents) for row in rows(database, Invoice)] == [
        ("000007", 1850),
        ("000008", 1200),
        ("000009", 0),
    ]
    assert owed(database) == {"1": (1850 + 1200 - 400, 1500 - 400)}
    assert all(balance.agrees for balance in report.balances)
    assert set(noted(report, "factures")) == {"1", "2"}
    with database.reading() as session:
        labels = session.scalars(select(InvoiceLine.label).order_by(InvoiceLine.id)).all()
    assert labels[2:] == [
        "Écart entre le total de la facture 000007 et ses prestations",
        "Écart entre le total de la facture 000008 et ses prestations",
    ]


def test_an_invoice_without_a_total_is_worth_its_charges(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        draft.invoice(1, 1, None, draft.charge(1, 10.0), draft.charge(1, 2.5))
    report = bring(sqlite_database, context, path)
    assert owed(sqlite_database) == {"1": (1250, 1250)}
    assert all(balance.agrees for balance in report.balances)


def test_a_cancelled_invoice_does_not_come_and_its_number_is_not_used_again(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        released = draft.charge(1, 10.0)
        draft.invoice(1, 1, 10.0, draft.charge(1, 10.0))
        draft.invoice(1, 2, 10.0, released, etat="annulation")
    report = bring(database, context, path)
    (left,) = (row for row in report.left_out if row.kind == "factures")
    assert "annulée" in left.reason
    assert left.amount_cents == 1000
    assert owed(database) == {"1": (1000, 2000)}
    assert [row.label for row in rows(database, Invoice)] == ["000001"]
    assert next_invoice_number(database) == 3


def next_invoice_number(database: Database) -> int:
    from guichet.services import numbering

    (regie,) = rows(database, Regie)
    with database.writing() as session:
        return numbering.take(session, regie.series, "invoice")


def test_numbers_borne_twice_and_prefixes_are_kept(database: Database, context: Context, path: Path) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        draft.family(2, "Noé", name="DURAND")
        letters = draft.add("factures_prefixes", nom="Cantine", prefixe="CA")
        regie = draft.add("factures_regies", nom="Régie périscolaire", numclitipi="012345")
        draft.invoice(1, 12, 3.0, draft.charge(1, 3.0))
        draft.invoice(2, 12, 4.0, draft.charge(2, 4.0))
        draft.invoice(1, 12, 5.0, draft.charge(1, 5.0), IDprefixe=letters)
        draft.invoice(1, 12, 6.0, draft.charge(1, 6.0), IDregie=regie)
        draft.invoice(2, None, 7.0, draft.charge(2, 7.0))
    report = bring(database, context, path)
    labels = [row.label for row in rows(database, Invoice)]
    assert labels == ["000012", "000012 (2)", "CA-000012", "000012", "sans numéro 5"]
    assert sorted(noted(report, "factures")) == ["2", "5"]
    assert owed(database) == {"1": (1400, 1400), "2": (1100, 1100)}
    assert {row.name for row in rows(database, Regie)} == {"Régie périscolaire", "Régie reprise de Noethys"}


def test_the_prefix_a_town_uses_is_the_series_it_goes_on_with(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        prefix = draft.add("factures_prefixes", nom="Loisirs", prefixe="AL")
        draft.invoice(1, 36, 3.0, draft.charge(1, 3.0), IDprefixe=prefix)
    bring(sqlite_database, context, path)
    (regie,) = rows(sqlite_database, Regie)
    assert regie.series == "AL"
    assert next_invoice_number(sqlite_database) == 37


def test_rows_whose_account_is_gone_are_named_with_what_they_are_worth(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        draft.charge(1, 5.0)
        orphan = draft.add("prestations", IDcompte_payeur=99, date="2015-01-07", montant=8.0, label="Perdue")
        draft.add(
            "prestations", IDcompte_payeur=99, IDfamille=1, date="2015-01-07", montant=2.0, label="Retrouvée"
        )
        invoice = draft.invoice(98, 1, 11.0)
        payment = draft.payment(97, 20.0)
        draft.pay(payment, orphan, 8.0)
        draft.pay(1234, orphan, 8.0)
    report = bring(database, context, path)
    assert owed(database) == {"1": (0, 700)}
    worth = {(row.kind, row.key): row.amount_cents for row in report.left_out}
    assert worth[("prestations", str(orphan))] == 800
    assert worth[("factures", str(invoice))] == 1100
    assert worth[("reglements", str(payment))] == 2000
    assert len(reasons(report, "ventilation")) == 2


def test_an_invoice_whose_account_is_gone_is_given_to_the_family_of_its_charges(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        draft.invoice(98, 1, 5.0, draft.charge(1, 5.0))
    bring(sqlite_database, context, path)
    assert owed(sqlite_database) == {"1": (500, 500)}


def test_a_charge_billed_on_another_familys_invoice_stays_with_its_family(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        draft.family(2, "Noé", name="DURAND")
        draft.invoice(1, 1, 9.0, draft.charge(1, 5.0), draft.charge(2, 4.0))
    report = bring(database, context, path)
    assert owed(database) == {"1": (900, 500), "2": (0, 400)}
    assert all(balance.agrees for balance in report.balances)
    assert len(noted(report, "prestations")) == 1


def test_payments_pay_no_more_than_they_hold_nor_than_the_charge_is_worth(
    database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        small, large = draft.charge(1, 5.0), draft.charge(1, 50.0)
        payment, whole = draft.payment(1, 12.0), draft.payment(1, 3.0)
        too_much = draft.pay(payment, small, 8.0)
        cut = draft.pay(payment, large, 10.0)
        left = draft.pay(payment, large, 1.0)
        zero = draft.pay(whole, large, 0.0)
    report = bring(database, context, path)
    assert [(row.charge_id, row.amount_cents) for row in rows(database, Allocation)] == [(1, 500), (2, 700)]
    assert set(noted(report, "ventilation")) == {str(too_much), str(cut)}
    assert set(reasons(report, "ventilation")) == {str(left), str(zero)}
    assert owed(database) == {"1": (-1500, 4000)}


def test_reductions_refunds_and_credits_are_kept(database: Database, context: Context, path: Path) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        meal, reduction = draft.charge(1, 110.0), draft.charge(1, -10.0, label="Remise fratrie")
        payment, refund = draft.payment(1, 100.0), draft.payment(1, -20.0)
        overpaid = draft.payment(1, 50.0)
        draft.pay(payment, meal, 110.0)
        draft.pay(payment, reduction, -10.0)
        draft.invoice(1, 1, 100.0, meal, reduction)
    report = bring(database, context, path)
    assert report.left_out == ()
    assert [row.amount_cents for row in rows(database, Allocation)] == [11000, -1000]
    assert [row.amount_cents for row in rows(database, Payment)] == [10000, -2000, 5000]
    assert owed(database) == {"1": (10000 - 13000, 10000 - 13000)}
    assert (payment, refund, overpaid) == (1, 2, 3)


def test_a_refund_set_against_the_charge_it_gives_back_is_kept(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        charge = draft.charge(1, 30.0)
        for amount in (30.0, -30.0, 30.0):
            draft.pay(draft.payment(1, amount), charge, amount)
    report = bring(sqlite_database, context, path)
    assert report.left_out == ()
    assert [row.amount_cents for row in rows(sqlite_database, Allocation)] == [3000, -3000, 3000]
    assert owed(sqlite_database) == {"1": (-3000, 0)}


def test_a_payment_of_one_family_pays_nothing_of_another(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        draft.family(2, "Noé", name="DURAND")
        wrong = draft.pay(draft.payment(1, 5.0), draft.charge(2, 5.0), 5.0)
    report = bring(sqlite_database, context, path)
    assert set(reasons(report, "ventilation")) == {str(wrong)}
    assert owed(sqlite_database) == {"1": (-500, -500), "2": (0, 500)}


def test_dates_as_servers_and_hands_write_them(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        written = [
            "2015-1-5",
            "2015-01-06 14:30:00",
            "07/01/2015",
            "20150108",
            "0000-00-00",
            "2015-02-30",
            None,
            "",
        ]
        keys = [
            draft.charge(1, 1.0, date=day, date_valeur="2015-01-31" if day == "2015-02-30" else None)
            for day in written
        ]
        dated, undated = (
            draft.payment(1, 1.0, date="0000-00-00", date_saisie="2015-03-04"),
            draft.payment(1, 1.0, date=None),
        )
        draft.invoice(1, 1, 1.0, keys[0], date_edition=None, date_debut="2015-02-01", date_fin="2015-01-01")
        lost = draft.invoice(
            1, 2, 0.0, date_edition="", date_debut=None, date_fin="0000-00-00", date_echeance=None
        )
    report = bring(sqlite_database, context, path)
    found = [row.date.isoformat() for row in rows(sqlite_database, Charge)]
    assert found == ["2015-01-05", "2015-01-06", "2015-01-07", "2015-01-08", "2015-01-31"]
    assert set(reasons(report, "prestations")) == {str(keys[4]), str(keys[6]), str(keys[7])}
    assert reasons(report, "reglements") == {str(undated): "date absente ou illisible"}
    assert str(dated) in noted(report, "reglements")
    (invoice,) = rows(sqlite_database, Invoice)
    assert (invoice.period_start.isoformat(), invoice.period_end.isoformat()) == ("2015-01-01", "2015-02-01")
    assert set(reasons(report, "factures")) == {str(lost)}


def test_a_family_that_owes_nothing_to_an_activity_or_a_child(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    """Subscriptions, rentals and bank charges have neither child nor activity: never on a fiscal attestation."""
    with NoethysDraft(path) as draft:
        (child,) = draft.family(1, "Lise")
        activity, _, _ = draft.activity()
        draft.charge(1, 26.0, categorie="cotisation", label="Carte d'adhérent")
        draft.charge(1, 15.0, categorie="location", label="Barnum", IDindividu=0)
        draft.charge(1, 6.0, categorie="autre", label="Frais", IDindividu=None, IDactivite=None)
        draft.charge(1, 9.0, IDindividu=child, IDactivite=activity)
        draft.charge(1, 3.5, IDindividu=child, IDactivite=activity, label="Repas")
        draft.charge(1, 4.0, IDindividu=4321, IDactivite=4321)
    report = bring(sqlite_database, context, path)
    assert report.left_out == ()
    assert [(row.amount_cents, row.eligible_cents) for row in rows(sqlite_database, Charge)] == [
        (2600, 0),
        (1500, 0),
        (600, 0),
        (900, 900),
        (350, 0),
        (400, 0),
    ]


def test_deductions_are_already_taken_off_and_told(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        charge = draft.add(
            "prestations",
            IDcompte_payeur=1,
            IDfamille=1,
            date="2015-01-07",
            label="Journée",
            montant_initial=16.0,
            montant=9.0,
        )
        draft.add("deductions", IDprestation=charge, IDcompte_payeur=1, montant=7.0, label="Bon vacances")
        lost = draft.add("deductions", IDprestation=999, IDcompte_payeur=1, montant=2.0, label="Perdue")
    report = bring(sqlite_database, context, path)
    (row,) = rows(sqlite_database, Charge)
    assert row.amount_cents == 900
    assert "16,00\u00a0€ moins 7,00\u00a0€ (Bon vacances)" in row.trace["sentence"]
    assert set(reasons(report, "deductions")) == {str(lost)}


def test_means_of_payment_payer_bank_and_deposit(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    labels = {
        "Espèces": PaymentMode.CASH,
        "Chèque": PaymentMode.CHEQUE,
        "Chèque vacances ANCV": PaymentMode.ANCV,
        "Bon CESU": PaymentMode.CESU,
        "Carte bancaire": PaymentMode.CARD,
        "Paiement en ligne": PaymentMode.ONLINE,
        "Virement": PaymentMode.TRANSFER,
        "Prélèvement automatique": PaymentMode.DIRECT_DEBIT,
        "Troc": PaymentMode.OTHER,
    }
    with NoethysDraft(path) as draft:
        draft.family(1, "Lise")
        payer = draft.add("payeurs", IDcompte_payeur=1, nom="MARTIN Jeanne")
        bank = draft.add("emetteurs", nom="La Banque")
        deposit = draft.add("depots", date="2015-03-05", nom="Chèques de mars")
        undated = draft.add("depots", date=None, nom="Sans date")
        for label in labels:
            mode = draft.add("modes_reglements", label=label)
            draft.payment(
                1,
                1.0,
                IDmode=mode,
                IDpayeur=payer,
                IDemetteur=bank,
                IDdepot=deposit,
                numero_piece="0012",
                numero_quittancier="7",
            )
        draft.payment(1, 1.0, IDmode=999, IDdepot=undated)
    report = bring(sqlite_database, context, path)
    payments = rows(sqlite_database, Payment)
    assert [(row.mode_label, row.mode) for row in payments] == [*labels.items(), ("Autre", PaymentMode.OTHER)]
    assert payments[0].payer_name == "MARTIN Jeanne"
    assert payments[0].payer_id is not None
    assert payments[0].reference == "0012"
    assert payments[0].note == "La Banque\nQuittance 7"
    assert [row.name for row in rows(sqlite_database, Deposit)] == ["Chèques de mars"]
    assert len(rows(sqlite_database, DepositPayment)) == len(labels)
    assert set(reasons(report, "depots")) == {str(undated)}


def test_two_slots_billed_together_are_one_charge(
    sqlite_database: Database, context: Context, path: Path
) -> None:
    with NoethysDraft(path) as draft:
        (child,) = draft.family(1, "Lise")
        activity, group, (day, meal) = draft.activity("Accueil de loisirs", "Journée", "Repas")
        enrolment = draft.enrol(child, 1, activity, group)
        charge = draft.charge(1, 13.0, IDindividu=child, IDactivite=activity, label="Journée avec repas")
        for slot in (day, meal):
            draft.add(
                "consommations",
                IDindividu=child,
                IDinscription=enrolment,
                IDactivite=activity,
                IDunite=slot,
                IDgroupe=group,
                date="2015-01-07",
                etat="present",
                IDprestation=charge,
            )
    bring(sqlite_database, context, path)
    links = rows(sqlite_database, ChargeBooking)
    assert len({link.booking_id for link in links}) == 2
    assert {link.charge_id for link in links} == {row.id for row in rows(sqlite_database, Charge)}
    assert len(rows(sqlite_database, Booking)) == 2
