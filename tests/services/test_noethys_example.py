"""The example town of Noethys itself, read where it stands: what must be found again, to the cent.

The figures it is held to are read straight from the file by SQL, not through the transfer.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, make_url, select

from guichet.models.bookings import Attendance, Booking, BookingState
from guichet.models.database import Database, open_database
from guichet.models.money import Allocation, Charge, DocumentOrigin, Invoice, InvoiceLine, Payment, Regie
from guichet.models.offer import CapacityPool, Opening, PoolDay, PoolSlot, Slot, SlotExclusion
from guichet.models.people import Family, Membership, Person, Quotient
from guichet.models.settings import Counter
from guichet.rules.permissions import Role
from guichet.services import settings, transaction
from guichet.services.balances import balances
from guichet.services.noethys import NoethysReport, import_noethys
from guichet.services.transaction import Actor, Context
from tests.postgresql_pool import PostgresqlPool
from tests.services.noethys_help import row_counts, rows

EXAMPLE = Path(__file__).parents[3] / "shared" / "reference" / "noethys" / "EXEMPLE_alsh_DATA.dat"


@dataclass(frozen=True)
class Town:
    """A base with the example in it."""

    database: Database
    context: Context
    report: NoethysReport


pytestmark = pytest.mark.skipif(
    not EXAMPLE.exists(), reason=f"the example town of Noethys is not beside the project ({EXAMPLE})"
)


def in_file(query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{EXAMPLE.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def cents(euros: float) -> int:
    return int((Decimal(str(euros)) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The example town, brought in once on each engine for all the tests that only read it."""
    with ExitStack() as closing_time:
        if request.param == "sqlite":
            path = tmp_path_factory.mktemp("example") / "town.db"
            shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
            url = make_url("sqlite://").set(database=str(path))
        else:
            pool: PostgresqlPool = request.getfixturevalue("postgresql_pool")
            name = pool.take()
            closing_time.callback(pool.give_back, name)
            url = pool.server.url(name)
        database = open_database(url)
        closing_time.callback(database.dispose)
        actor = Actor("admin", "Admin Istration", frozenset({Role.ADMINISTRATOR}), None, "poste-1")
        context = Context(actor, datetime(2026, 3, 18, 8, 0, tzinfo=UTC))
        yield Town(database, context, import_noethys(database, context, EXAMPLE))


def test_every_row_comes_but_the_tariffs_that_price_several_slots(
    town: Town,
) -> None:
    report = town.report
    kinds = {count.kind: count for count in report.kinds}
    for kind, count in kinds.items():
        assert count.read == in_file(f"SELECT count(*) FROM {kind}")[0][0], kind
    assert set(report.reasons()) == {"tarifs", "tarifs_lignes"}
    assert (kinds["tarifs"].imported, kinds["tarifs"].left_out) == (6, 8)
    expected = {"familles": 18, "individus": 57, "consommations": 3422, "prestations": 2056, "factures": 54}
    assert {kind: kinds[kind].imported for kind in expected} == expected
    assert (kinds["reglements"].imported, kinds["ventilation"].imported) == (40, 878)
    assert report.other_tables["historique"] == 1926


def test_the_54_invoices_keep_number_family_dates_and_total(town: Town) -> None:
    database, report = town.database, town.report
    wanted = {
        (f"{number:06d}", str(account), issued, start, end, cents(total))
        for number, account, issued, start, end, total in in_file(
            "SELECT numero, IDcompte_payeur, date_edition, date_debut, date_fin, total FROM factures"
        )
    }
    numbers = {family.id: family.number for family in rows(database, Family)}
    found = {
        (
            row.label,
            numbers[row.family_id],
            row.issued_on.isoformat(),
            row.period_start.isoformat(),
            row.period_end.isoformat(),
            row.total_cents,
        )
        for row in rows(database, Invoice)
    }
    assert len(wanted) == 54
    assert found == wanted
    assert {row.origin for row in rows(database, Invoice)} == {DocumentOrigin.IMPORTED}
    assert [invoice.total_cents for invoice in report.invoices] == [
        invoice.total_in_file_cents for invoice in report.invoices
    ]


def test_each_invoice_is_the_sum_of_the_charges_it_carries(town: Town) -> None:
    database = town.database
    with database.reading() as session:
        lines = session.execute(
            select(InvoiceLine.invoice_id, func.sum(InvoiceLine.amount_cents), func.count()).group_by(
                InvoiceLine.invoice_id
            )
        ).all()
    invoices = {row.id: (row.total_cents, row.line_count) for row in rows(database, Invoice)}
    assert {invoice: (total, count) for invoice, total, count in lines} == invoices
    assert sum(count for _, count in invoices.values()) == 2056 - 1761


def test_both_balances_of_every_family_are_those_of_the_file(town: Town) -> None:
    database, report = town.database, town.report
    wanted = {
        str(family): (cents(invoiced) - cents(paid), cents(charged) - cents(paid))
        for family, invoiced, charged, paid in in_file(
            """SELECT c.IDfamille,
                      (SELECT coalesce(sum(total), 0) FROM factures f WHERE f.IDcompte_payeur = c.IDcompte_payeur),
                      (SELECT coalesce(sum(montant), 0) FROM prestations p WHERE p.IDcompte_payeur = c.IDcompte_payeur),
                      (SELECT coalesce(sum(montant), 0) FROM reglements r WHERE r.IDcompte_payeur = c.IDcompte_payeur)
               FROM comptes_payeurs c"""
        )
    }
    numbers = {family.id: family.number for family in rows(database, Family)}
    with database.reading() as session:
        found = {numbers[key]: (one.account, one.with_uninvoiced) for key, one in balances(session).items()}
    assert len(wanted) == 18
    assert {number: found.get(number, (0, 0)) for number in wanted} == wanted
    assert {one.number: (one.invoiced_cents, one.with_uninvoiced_cents) for one in report.balances} == wanted
    assert all(one.agrees for one in report.balances)


def test_what_each_payment_pays_is_kept_invoiced_or_not(town: Town) -> None:
    database = town.database
    with database.reading() as session:
        total = session.execute(select(func.sum(Allocation.amount_cents), func.count())).one()
        invoiced = select(InvoiceLine.charge_id)
        beside = session.execute(
            select(func.count()).select_from(Allocation).where(Allocation.charge_id.not_in(invoiced))
        ).scalar_one()
    assert tuple(total) == (cents(in_file("SELECT sum(montant) FROM ventilation")[0][0]), 878)
    assert beside == 689
    modes = {row.mode_label for row in rows(database, Payment)}
    assert modes == {"Espèces", "Chèque", "Chèque vacances"}


def test_numbering_goes_on_after_the_last_invoice(town: Town) -> None:
    database = town.database
    (regie,) = rows(database, Regie)
    counters = {(row.series, row.kind): row.next_number for row in rows(database, Counter)}
    assert counters == {(regie.series, "invoice"): 55, (regie.series, "payment"): 41}


def test_people_families_and_addresses(town: Town) -> None:
    database = town.database
    assert len(rows(database, Person)) == 57
    assert len(rows(database, Membership)) == 57
    assert len(rows(database, Quotient)) == 17
    towns = {row.town for row in rows(database, Person)}
    assert None not in towns, "an address that refers to another person's is resolved"
    families = {row.number: row for row in rows(database, Family)}
    assert set(families) == {str(number) for number in range(1, 19)}
    assert families["3"].regime == "Régime agricole"
    assert all(family.payer_id for family in families.values())


def test_the_offer_with_its_places_and_the_days_that_came_overfull(
    town: Town,
) -> None:
    database, report = town.database, town.report
    slots = {row.id: row.name for row in rows(database, Slot)}
    barred = {
        frozenset((slots[row.slot_id], slots[row.other_slot_id])) for row in rows(database, SlotExclusion)
    }
    assert barred == {
        frozenset(("Journée", "Matin")),
        frozenset(("Journée", "Après-midi")),
        frozenset(("Matin", "Après-midi")),
    }
    pools = {row.id: row.name for row in rows(database, CapacityPool)}
    drawn: dict[str, set[str]] = {}
    for row in rows(database, PoolSlot):
        drawn.setdefault(pools[row.pool_id], set()).add(slots[row.slot_id])
    assert drawn["Matinée, 3-6 ans"] == {"Journée", "Matin"}
    assert drawn["Après-midi, 6-12 ans"] == {"Journée", "Après-midi"}
    assert len(rows(database, PoolDay)) == 6414
    assert len(rows(database, Opening)) == 10246
    wanted = in_file(
        """SELECT r.date, r.places, count(*) FROM remplissage r
           JOIN unites_remplissage_unites u ON u.IDunite_remplissage = r.IDunite_remplissage
           JOIN consommations c ON c.IDunite = u.IDunite AND c.date = r.date AND c.IDgroupe = r.IDgroupe
           WHERE c.etat IN ('reservation', 'present', 'absenti', 'absentj')
           GROUP BY r.IDremplissage HAVING count(*) > r.places"""
    )
    marked = {row.date.isoformat() for row in rows(database, PoolDay) if row.overfull}
    assert marked == {day for day, _, _ in wanted}
    assert sorted((day.size, day.booked) for day in report.overfull) == sorted(
        (size, count) for _, size, count in wanted
    )


def test_bookings_keep_their_state_and_what_bills_them(town: Town) -> None:
    database = town.database
    found: dict[tuple[BookingState, Attendance], int] = {}
    for row in rows(database, Booking):
        found[row.state, row.attendance] = found.get((row.state, row.attendance), 0) + 1
    assert found == {
        (BookingState.BOOKED, Attendance.UNKNOWN): 2966,
        (BookingState.BOOKED, Attendance.PRESENT): 424,
        (BookingState.BOOKED, Attendance.ABSENT_BILLED): 8,
        (BookingState.WAITING, Attendance.UNKNOWN): 24,
    }
    assert sum(row.amount_cents for row in rows(database, Charge)) == cents(
        in_file("SELECT sum(montant) FROM prestations")[0][0]
    )


def test_the_organiser_becomes_the_town_where_none_was_given(town: Town) -> None:
    database = town.database
    found = transaction.read(database, town.context, settings.town_for_display)
    assert (found.postcode, found.town, found.siret) == in_file(
        "SELECT cp, ville, num_siret FROM organisateur"
    )[0]


def test_twice_is_once(town: Town) -> None:
    database, first = town.database, town.report
    before = row_counts(database)
    again = import_noethys(database, town.context, EXAMPLE)
    assert row_counts(database) == before
    assert again.unchanged
    assert again.changed == again.gone == ()
    assert {count.kind: count.imported for count in again.kinds} == dict.fromkeys(
        (one.kind for one in again.kinds), 0
    )
    assert again.balances == first.balances
    assert again.invoices == first.invoices
