"""A Noethys file brought twice, or again later after the town went on with it: nothing doubles, what changed is named."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from guichet.models.bookings import Booking
from guichet.models.database import Database
from guichet.models.money import Allocation, Charge, Invoice, InvoiceLine, Payment, Regie
from guichet.models.people import Family, Membership, Person, Quotient
from guichet.models.settings import ExternalRef
from guichet.rules.errors import UserError
from guichet.services import invoices, transaction, verify
from guichet.services.balances import balances
from guichet.services.invoices import IssueInvoices
from guichet.services.noethys import NoethysReport, import_noethys
from guichet.services.transaction import Context
from tests.services.noethys_files import NoethysDraft
from tests.services.noethys_help import row_counts, rows


class Town:
    """A small file and the keys of what stands in it."""

    def __init__(self, path: Path, identity: str = "20150101080000ABC") -> None:
        self.path = path
        with NoethysDraft(path, identity=identity) as draft:
            (self.child,) = draft.family(1, "Lise")
            self.activity, self.group, (self.day,) = draft.activity()
            self.enrolment = draft.enrol(self.child, 1, self.activity, self.group)
            self.charges = [draft.charge(1, amount, IDindividu=self.child) for amount in (10.0, 4.15, 3.0)]
            draft.invoice(1, 1, 10.0, self.charges[0])
            self.payment = draft.payment(1, 12.0)
            draft.pay(self.payment, self.charges[0], 10.0)
            draft.add("quotients", IDfamille=1, date_debut="2015-01-01", date_fin="2999-01-01", quotient=500)
            self.book(draft, "2015-01-07", self.charges[0])

    def book(self, draft: NoethysDraft, day: str, charge: int | None = None) -> int:
        return draft.add(
            "consommations",
            IDindividu=self.child,
            IDinscription=self.enrolment,
            IDactivite=self.activity,
            IDunite=self.day,
            IDgroupe=self.group,
            date=day,
            etat="reservation",
            IDprestation=charge,
        )

    def later(self) -> NoethysDraft:
        """The same file opened again in Noethys."""
        return NoethysDraft(self.path, existing=True)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "Ville_DATA.dat")


def bring(database: Database, context: Context, path: Path) -> NoethysReport:
    report = import_noethys(database, context, path)
    assert transaction.read(database, context, verify.verify).findings == ()
    return report


def owed(database: Database) -> tuple[int, int]:
    with database.reading() as session:
        (found,) = balances(session).values()
    return found.account, found.with_uninvoiced


def test_the_same_file_under_another_name_changes_nothing(
    database: Database, context: Context, town: Town, tmp_path: Path
) -> None:
    first = bring(database, context, town.path)
    before = row_counts(database)
    copy = tmp_path / "Copie_de_sauvegarde.dat"
    shutil.copyfile(town.path, copy)
    again = bring(database, context, copy)
    assert not first.unchanged
    assert again.unchanged
    assert row_counts(database) == before
    assert sum(count.already for count in again.kinds) == first.imported


def test_a_later_file_adds_what_is_new_and_names_what_changed(
    database: Database, context: Context, town: Town
) -> None:
    bring(database, context, town.path)
    with town.later() as draft:
        fresh = draft.charge(1, 6.0, date="2015-02-04", IDindividu=town.child)
        town.book(draft, "2015-02-04", fresh)
        draft.invoice(1, 2, 10.15, town.charges[1], fresh)
        paid = draft.payment(1, 8.0)
        draft.pay(paid, fresh, 6.0)
        draft.sql("UPDATE prestations SET montant = 3.5 WHERE IDprestation = ?", town.charges[2])
        draft.sql("UPDATE individus SET nom = 'MARTIN-PETIT' WHERE IDindividu = ?", town.child)
        draft.sql("DELETE FROM consommations WHERE date = '2015-01-07'")
    report = bring(database, context, town.path)
    assert {count.kind: count.imported for count in report.kinds if count.imported} == {
        "consommations": 1,
        "prestations": 1,
        "factures": 1,
        "reglements": 1,
        "ventilation": 1,
    }
    assert set(report.changed) == {("prestations", str(town.charges[2])), ("individus", str(town.child))}
    assert report.gone == (("consommations", "1"),)
    assert owed(database) == (1000 + 1015 - 2000, 1000 + 415 + 300 + 600 - 2000)
    assert [row.amount_cents for row in rows(database, Charge)] == [1000, 415, 300, 600]
    (balance,) = report.balances
    assert not balance.agrees, "the charge that changed in Noethys shows in the balances"


def test_a_newer_quotient_closes_the_one_that_came_before(
    database: Database, context: Context, town: Town
) -> None:
    bring(database, context, town.path)
    with town.later() as draft:
        draft.add("quotients", IDfamille=1, date_debut="2016-01-01", date_fin="2016-12-31", quotient=620)
    bring(database, context, town.path)
    found = [(row.valid_from.year, row.valid_until, row.value) for row in rows(database, Quotient)]
    assert found == [(2015, date(2015, 12, 31), 500), (2016, date(2016, 12, 31), 620)]


def test_what_agents_did_since_is_never_overwritten_nor_doubled(
    database: Database, context: Context, town: Town
) -> None:
    """Between the two transfers the town issued, in Guichet, what Noethys issues too."""
    bring(database, context, town.path)
    command = IssueInvoices(date(2015, 1, 1), date(2015, 1, 31), despite_anomalies=True)
    issued = transaction.run(database, context, invoices.issue, command)
    assert [invoice.total_cents for invoice in issued.invoices] == [715]
    (regie,) = rows(database, Regie)
    assert issued.invoices[0].number == f"{regie.series}-2"
    with database.writing() as session:
        session.execute(update(Family).values(label="MARTIN, revu par un agent"))
    with town.later() as draft:
        draft.invoice(1, 2, 4.15, town.charges[1])
        draft.pay(town.payment, town.charges[1], 2.0)
        draft.sql("UPDATE familles SET memo = 'revu dans Noethys'")
    report = bring(database, context, town.path)
    left = {(row.kind, row.key): row.reason for row in report.left_out}
    assert "déjà facturées dans Guichet" in left["factures", "2"]
    assert "Guichet a laissé" in left["ventilation", "2"]
    assert [row.label for row in rows(database, Family)] == ["MARTIN, revu par un agent"]
    assert ("familles", "1") in report.changed
    assert owed(database) == (1715 - 1200, 1715 - 1200)


def test_imported_numbers_and_the_towns_own_never_meet(
    database: Database, context: Context, town: Town
) -> None:
    """Noethys went on to 2, 3; Guichet had taken 2: both stand, and the next issue bills its own charges only."""
    bring(database, context, town.path)
    issue = IssueInvoices(date(2015, 1, 1), date(2015, 1, 31), despite_anomalies=True)
    transaction.run(database, context, invoices.issue, issue)
    with town.later() as draft:
        for number in (2, 3):
            draft.invoice(1, number, 6.0, draft.charge(1, 6.0, date="2015-02-04"))
        draft.charge(1, 9.0, date="2015-03-04", IDactivite=town.activity)
    bring(database, context, town.path)
    issue = IssueInvoices(date(2015, 3, 1), date(2015, 3, 31), despite_anomalies=True)
    result = transaction.run(database, context, invoices.issue, issue)
    assert [(one.number[-2:], one.total_cents) for one in result.invoices] == [("-3", 900)]
    assert transaction.read(database, context, verify.verify).findings == ()
    with database.reading() as session:
        lines = select(func.count()).select_from(InvoiceLine)
        assert session.execute(lines).scalar_one() == 1 + 2 + 2 + 1
    assert len(rows(database, Invoice)) == 5


def test_a_booking_that_an_agent_made_meanwhile_is_not_made_twice(
    database: Database, context: Context, town: Town
) -> None:
    bring(database, context, town.path)
    with database.writing() as session:
        made = session.scalars(select(Booking)).one()
        values = {
            column.key: getattr(made, column.key)
            for column in Booking.__table__.columns
            if column.key != "id"
        }
        session.add(Booking(**(values | {"date": date(2015, 1, 21)})))
    with town.later() as draft:
        key = town.book(draft, "2015-01-21")
    report = bring(database, context, town.path)
    assert [row.key for row in report.left_out if row.kind == "consommations"] == [str(key)]
    assert len(rows(database, Booking)) == 2


def test_two_towns_may_come_into_one_base(database: Database, context: Context, tmp_path: Path) -> None:
    first = Town(tmp_path / "A_DATA.dat", identity="AAA")
    second = Town(tmp_path / "B_DATA.dat", identity="BBB")
    bring(database, context, first.path)
    report = bring(database, context, second.path)
    assert report.left_out == ()
    assert all(balance.agrees for balance in report.balances)
    assert [row.number for row in rows(database, Family)] == ["1", "1-2"]
    assert len(rows(database, Person)) == 6
    assert len(rows(database, Membership)) == 6
    assert len({row.series for row in rows(database, Regie)}) == 2
    assert [row.label for row in rows(database, Invoice)] == ["000001", "000001"]


def test_a_file_without_identity_is_known_by_its_organiser(
    sqlite_database: Database, context: Context, tmp_path: Path
) -> None:
    for name, organiser in (("a.dat", "Ville A"), ("b.dat", "Ville B"), ("c.dat", "Ville A")):
        with NoethysDraft(tmp_path / name, identity="") as draft:
            draft.add("organisateur", nom=organiser, cp="73200")
            draft.family(1, "Lise")
    reports = [bring(sqlite_database, context, tmp_path / name) for name in ("a.dat", "b.dat", "c.dat")]
    assert [report.unchanged for report in reports] == [False, False, True]
    assert reports[0].source == reports[2].source != reports[1].source
    assert len(rows(sqlite_database, Family)) == 2


def test_a_failure_in_the_middle_leaves_nothing_behind(
    database: Database, context: Context, town: Town
) -> None:
    """The file is read to its end inside the transaction: killed anywhere, it has not begun."""
    before = row_counts(database)

    def stop(step: str, done: int, total: int) -> None:
        if step == "Vérification":
            raise UserError("Arrêté.", code="stopped")

    with pytest.raises(UserError, match="Arrêté"):
        import_noethys(database, context, town.path, stop)
    assert row_counts(database) == before
    assert bring(database, context, town.path).left_out == ()


def test_the_origin_of_every_row_is_kept(database: Database, context: Context, town: Town) -> None:
    bring(database, context, town.path)
    found = {(row.kind, row.source_key): row.row_id for row in rows(database, ExternalRef)}
    assert {row.source for row in rows(database, ExternalRef)} == {"noethys:20150101080000ABC"}
    assert found["prestations", str(town.charges[0])] == rows(database, Charge)[0].id
    assert found["reglements", str(town.payment)] == rows(database, Payment)[0].id
    assert found["ventilation", "1"] == rows(database, Allocation)[0].id
