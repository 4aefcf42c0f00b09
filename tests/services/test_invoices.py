"""Issuing invoices: what is billed, numbered, copied and frozen; twice is once; the loser is told."""

import io
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdf
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.money import Charge, Invoice, InvoiceLine, PaymentMode, TreasuryTitle
from guichet.models.people import MemberRole
from guichet.models.settings import Journal
from guichet.rules.errors import StaleVersion, UserError
from guichet.services import (
    invoice_documents,
    invoice_drafts,
    invoice_files,
    invoices,
    numbering,
    payments,
    pricing,
    settings,
    transaction,
)
from guichet.services.invoice_documents import InvoiceQuery, Standing
from guichet.services.invoice_drafts import DraftInvoices
from guichet.services.invoice_files import WriteFiles
from guichet.services.invoices import IssueInvoices, IssueResult
from guichet.services.transaction import Context
from tests.services.billing_town import found

MARCH = (date(2026, 3, 1), date(2026, 3, 31))
WEDNESDAYS = [date(2026, 3, day) for day in (4, 11, 18, 25)]


def _issue(database: Database, context: Context, **fields: object) -> IssueResult:
    command = IssueInvoices(*MARCH, **fields)  # type: ignore[arg-type]
    return transaction.run(database, context, invoices.issue, command)


def _two_families(database: Database) -> None:
    """Martin: four days of ALSH by brackets and two meals. Bernard: one day, without a quotient."""
    with database.writing() as session:
        town = found(session)
        town.grid(town.alsh, (0, 600, 500), (600, None, 900))
        town.single(town.canteen, 415)
        martin, bernard = town.family("Martin"), town.family("Bernard")
        town.quotient(martin, 542, date(2026, 1, 1))
        lea = town.child(martin)
        town.book(town.enrol(martin, lea, town.alsh), town.journee, *WEDNESDAYS)
        town.book(town.enrol(martin, lea, town.canteen), town.repas, *WEDNESDAYS[:2])
        town.book(town.enrol(bernard, town.child(bernard, "Paul"), town.alsh), town.journee, WEDNESDAYS[0])


def test_one_invoice_a_family_numbered_from_the_start_of_the_series(
    database: Database, context: Context
) -> None:
    _two_families(database)
    with database.writing() as session:
        numbering.start_at(session, "AL", "invoice", 36)
    result = _issue(database, context)
    # By family name: Bernard 9,00 €; Martin 4 × 5,00 + 2 × 4,15 = 28,30 €.
    assert [(row.number, row.family_number, row.total_cents) for row in result.invoices] == [
        ("AL-36", "F0004", 900),
        ("AL-37", "F0003", 2830),
    ]
    assert (result.lines, result.total_cents) == (7, 3730)
    assert result.invoices[0].due_on == date(2026, 4, 9)  # 18 March and 22 days


def test_everything_printed_is_copied(database: Database, context: Context) -> None:
    _two_families(database)
    transaction.run(
        database,
        context,
        settings.change,
        {"town.name": "Ville de Saint-Jean", "town.siret": "21310001900018"},
    )
    invoice_id = _issue(database, context).invoices[1].invoice_id
    before = transaction.read(database, context, invoice_documents.documents, (invoice_id,))
    with database.writing() as session:
        session.execute(
            text("UPDATE family SET address = 'Ailleurs', number = number || 'X', label = 'Autre'")
        )
        session.execute(text("UPDATE person SET first_name = 'Zoé', last_name = 'Dupuis'"))
        session.execute(text("UPDATE activity SET name = 'Autre'"))
        session.execute(text("UPDATE regie SET name = 'Autre', payment_terms = ''"))
        session.execute(text("UPDATE setting SET value = '\"Ailleurs\"'"))
    [sheet] = transaction.read(database, context, invoice_documents.documents, (invoice_id,))
    assert (sheet,) == before
    assert sheet.letterhead.town == "Ville de Saint-Jean"
    assert sheet.letterhead.regie == "Régie garderie ALSH"
    assert sheet.debtor.name == "Madame Jeanne MARTIN"
    assert sheet.debtor.lines == ("12 rue des Bonbons", "31400 Saint-Jean")
    assert [
        (line.child, line.activity, line.label, line.quantity, line.unit_price, line.amount, line.quotient)
        for line in sheet.lines
    ] == [
        ("Léa Martin", "ALSH mercredi", "Journée", 4, 500, 2000, 542),
        ("Léa Martin", "Restauration", "Repas", 2, 415, 830, None),
    ]
    assert sheet.lines[0].dates == "04, 11, 18, 25/03"
    assert sheet.payment_means == ("Chèque", "Espèces", "Carte bancaire")
    assert sheet.notes == ("Chèque à l’ordre du Trésor public",)


def test_the_pdf_reads_as_the_invoice(database: Database, context: Context) -> None:
    _two_families(database)
    ids = tuple(row.invoice_id for row in _issue(database, context).invoices)
    pages = pypdf.PdfReader(io.BytesIO(transaction.read(database, context, invoice_documents.pdf, ids))).pages
    printed = [page.extract_text().replace("\u00a0", " ") for page in pages]
    assert len(printed) == 2
    assert "Madame Jeanne MARTIN" in printed[1]
    assert "28,30 €" in printed[1]
    assert "sans quotient familial, tarif maximum de 9,00 €" in " ".join(printed[0].split())


def test_each_line_prints_its_quotient_and_the_day_it_took_effect(
    database: Database, context: Context
) -> None:
    """A quotient that changed within the month makes two lines, each with its own."""
    with database.writing() as session:
        town = found(session)
        town.grid(town.alsh, (0, 600, 800), (600, None, 900))
        family = town.family("Martin")
        town.quotient(family, 542, date(2026, 1, 1), date(2026, 3, 9))
        town.quotient(family, 610, date(2026, 3, 10))
        days = (date(2026, 3, 4), date(2026, 3, 11))
        town.book(town.enrol(family, town.child(family), town.alsh), town.journee, *days)
    (issued,) = transaction.run(
        database, context, invoices.issue, IssueInvoices(date(2026, 3, 1), date(2026, 3, 31))
    ).invoices
    (sheet,) = transaction.read(database, context, invoice_documents.documents, [issued.invoice_id])
    paper = transaction.read(database, context, invoice_documents.pdf, [issued.invoice_id])
    assert [(line.quotient, line.quotient_since, line.note) for line in sheet.lines] == [
        (542, date(2026, 1, 1), "Tranche de quotient de 0 à moins de 600"),
        (610, date(2026, 3, 10), "Tranche de quotient 600 et plus"),
    ]
    printed = " ".join(pypdf.PdfReader(io.BytesIO(paper)).pages[0].extract_text().split())
    assert "Quotient familial 542 depuis le 01/01/2026" in printed
    assert "Quotient familial 610 depuis le 10/03/2026" in printed


def test_issuing_twice_is_once(database: Database, context: Context) -> None:
    _two_families(database)
    _issue(database, context)
    again = _issue(database, context)
    assert again.invoices == ()
    assert "2\u00a0factures de cette période déjà émises" in again.message
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 2
        assert session.scalar(select(func.count()).select_from(InvoiceLine)) == 7
        assert session.scalar(select(func.count()).where(Journal.action == "billing.issue")) == 1


def test_what_was_booked_after_the_invoice_is_billed_by_the_next(
    database: Database, context: Context
) -> None:
    _two_families(database)
    _issue(database, context)
    with database.writing() as session:
        enrolment_id = session.execute(text("SELECT min(id) FROM enrolment")).scalar_one()
        session.execute(
            text(
                "INSERT INTO booking (enrolment_id, child_id, family_id, activity_id, slot_id, date, starts_at, state,"
                " attendance) SELECT id, child_id, family_id, activity_id, (SELECT min(id) FROM slot),"
                " '2026-03-27', '00:00:00.000000', 'booked', 'present' FROM enrolment WHERE id = :id"
            ),
            {"id": enrolment_id},
        )
    result = _issue(database, context)
    assert [(row.number, row.total_cents) for row in result.invoices] == [("AL-3", 500)]
    [sheet] = transaction.read(
        database, context, invoice_documents.documents, (result.invoices[0].invoice_id,)
    )
    # The first invoice, unpaid, is the previous balance.
    assert (sheet.previous_balance, sheet.total, sheet.balance_due) == (2830, 500, 3330)


def test_nothing_to_bill_makes_no_invoice_and_takes_no_number(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        family = town.family()
        town.single(town.alsh, 0)
        town.book(town.enrol(family, town.child(family), town.alsh), town.journee, WEDNESDAYS[0])
    result = _issue(database, context)
    assert (result.invoices, result.message) == ((), "Rien à facturer du 01/03/2026 au 31/03/2026.")
    with database.writing() as session:
        assert numbering.take(session, "AL", "invoice") == 1


def test_two_regies_in_a_month_make_two_invoices_for_a_family(database: Database, context: Context) -> None:
    with database.writing() as session:
        town = found(session)
        other = town.regie_row("SP", "Régie des sports")
        sport = town.activity("SPORT", "Stage sportif", other)
        seance = town.slot(sport, "S", "Séance")
        town.single(town.alsh, 1000)
        town.single(sport, 700)
        family = town.family()
        child = town.child(family)
        town.book(town.enrol(family, child, town.alsh), town.journee, WEDNESDAYS[0])
        town.book(town.enrol(family, child, sport), seance, WEDNESDAYS[0])
        other_id = other.id
    result = _issue(database, context, regie_ids=(other_id,))
    assert [row.number for row in result.invoices] == ["SP-1"]
    result = _issue(database, context)
    assert [(row.number, row.total_cents) for row in result.invoices] == [("AL-1", 1000)]


def test_a_child_of_two_families_is_billed_to_each_for_its_own_days(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        mother, father = town.family("Martin"), town.family("Petit")
        child = town.child(mother)
        town.member(father, child, MemberRole.CHILD)
        town.book(town.enrol(mother, child, town.alsh), town.journee, WEDNESDAYS[0], WEDNESDAYS[2])
        town.book(town.enrol(father, child, town.alsh), town.journee, WEDNESDAYS[1])
    result = _issue(database, context)
    assert [row.total_cents for row in result.invoices] == [2000, 1000]


def test_an_anomaly_stops_the_run_unless_the_clerk_takes_it_on(database: Database, context: Context) -> None:
    _two_families(database)
    with database.writing() as session:
        session.execute(text("UPDATE tariff SET valid_until = '2026-03-10' WHERE method = 'single'"))
    with pytest.raises(UserError) as refused:
        _issue(database, context)
    assert refused.value.code == "billing_anomalies"
    assert "1\u00a0prestation" in refused.value.message
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Charge)) == 0  # all or nothing
    assert _issue(database, context, despite_anomalies=True).total_cents == 3730 - 415


def test_a_draft_says_what_issuing_will_do_and_numbers_nothing(database: Database, context: Context) -> None:
    _two_families(database)
    first = transaction.run(database, context, invoice_drafts.draft, DraftInvoices(*MARCH))
    second = transaction.run(database, context, invoice_drafts.draft, DraftInvoices(*MARCH))
    assert first == second
    assert (first.invoices, first.lines, first.total_cents) == (2, 7, 3730)
    result = _issue(database, context, expected=first.fingerprint)
    assert (len(result.invoices), result.lines, result.total_cents) == (2, 7, 3730)
    assert result.invoices[0].number == "AL-1"


def test_a_clerk_who_saw_another_draft_is_told_who_issued(database: Database, context: Context) -> None:
    _two_families(database)
    seen = transaction.run(database, context, invoice_drafts.draft, DraftInvoices(*MARCH)).fingerprint
    colleague = replace(context, actor=replace(context.actor, login="colette"))
    _issue(database, colleague)
    with pytest.raises(StaleVersion) as told:
        _issue(database, context, expected=seen)
    assert "colette" in told.value.message
    assert "2\u00a0factures" in told.value.message


def test_two_clerks_at_once_issue_each_invoice_once(database: Database, context: Context) -> None:
    _two_families(database)
    results: list[IssueResult] = []
    start = threading.Barrier(2)

    def clerk() -> None:
        start.wait()
        results.append(_issue(database, context))

    clerks = [threading.Thread(target=clerk) for _ in range(2)]
    for one in clerks:
        one.start()
    for one in clerks:
        one.join()
    assert sorted(len(result.invoices) for result in results) == [0, 2]
    with database.reading() as session:
        assert session.execute(select(Invoice.label).order_by(Invoice.number)).scalars().all() == [
            "AL-1",
            "AL-2",
        ]


def test_without_the_lock_two_clerks_collide(
    postgresql_database: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why the lock is there: both read the same charges, and only a unique key stops the second, with an error."""
    _two_families(postgresql_database)
    transaction.run(postgresql_database, context, invoice_drafts.draft, DraftInvoices(*MARCH))
    monkeypatch.setattr(pricing, "lock_billing", lambda _: None)
    read = threading.Barrier(2)
    original = numbering.take

    def take_together(session: object, series: str, kind: str, count: int = 1) -> int:
        read.wait(timeout=20)
        return original(session, series, kind, count)  # type: ignore[arg-type]

    monkeypatch.setattr(numbering, "take", take_together)
    outcomes: list[object] = []

    def clerk() -> None:
        try:
            outcomes.append(len(_issue(postgresql_database, context).invoices))
        except (DBAPIError, RuntimeError) as failure:
            outcomes.append(type(failure).__name__)

    clerks = [threading.Thread(target=clerk) for _ in range(2)]
    for one in clerks:
        one.start()
    for one in clerks:
        one.join()
    # The invoice that found its charges already billed is rolled back whole, but as a crash and not as a sentence.
    assert sorted(map(str, outcomes)) == ["2", "RuntimeError"]
    with postgresql_database.reading() as session:
        assert session.scalar(select(func.count()).select_from(InvoiceLine)) == 7


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice SET total_cents = 1",
        "DELETE FROM invoice_line",
        "UPDATE invoice_line SET amount_cents = 1",
        (
            "INSERT INTO invoice_line (invoice_id, charge_id, position, date, label, quantity, unit_cents, amount_cents,"
            " eligible_cents) SELECT min(i.id), max(l.charge_id), 99, '2026-03-01', 'x', 1, 1, 1, 0"
            " FROM invoice i CROSS JOIN invoice_line l"
        ),
    ],
)
def test_an_issued_invoice_refuses_raw_sql(database: Database, context: Context, statement: str) -> None:
    _two_families(database)
    _issue(database, context)
    with pytest.raises(DBAPIError, match="guichet:frozen"), database.writing() as session:
        session.execute(text(statement))


def test_a_payfip_number_gives_the_coupon_its_payment_page(database: Database, context: Context) -> None:
    _two_families(database)
    transaction.run(database, context, settings.change, {"billing.payfip_numcli": {"ALSH": "012345"}})
    [_, martin] = _issue(database, context).invoices
    [sheet] = transaction.read(database, context, invoice_documents.documents, (martin.invoice_id,))
    page, _, query = sheet.qr_payload.partition("?")
    assert page == "https://www.payfip.gouv.fr/tpa/paiement.web"
    assert query == "numcli=012345&exer=2026&refdet=AL000002&objet=Facture+AL+2&montant=2830&saisie=A"


def test_the_list_of_invoices(database: Database, context: Context) -> None:
    _two_families(database)
    _issue(database, context)
    rows = transaction.read(
        database, context, invoice_documents.search, InvoiceQuery(sort="family", descending=False)
    )
    assert [(row.number, row.family_label, row.left_cents) for row in rows.rows] == [
        ("AL-1", "Bernard", 900),
        ("AL-2", "Martin", 2830),
    ]
    for text_typed in ("al-2", "martin", "F0003"):
        [row] = transaction.read(
            database, context, invoice_documents.search, InvoiceQuery(text=text_typed)
        ).rows
        assert row.number == "AL-2"
    april = InvoiceQuery(start=date(2026, 4, 1))
    assert transaction.read(database, context, invoice_documents.search, april).total == 0


def test_the_files(
    sqlite_database: Database, context: Context, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _two_families(sqlite_database)
    ids = tuple(row.invoice_id for row in _issue(sqlite_database, context).invoices)
    folder = tmp_path_factory.mktemp("pdf") / "mars"
    command = invoice_documents.ExportInvoices(ids, folder)
    paths = transaction.read(sqlite_database, context, invoice_documents.export, command)
    assert [path.name for path in paths] == ["AL-1.pdf", "AL-2.pdf", "factures.pdf"]
    assert len(pypdf.PdfReader(paths[2]).pages) == 2
    first = paths[0].read_bytes()
    transaction.read(sqlite_database, context, invoice_documents.export, command)
    assert paths[0].read_bytes() == first


def test_the_totals_of_a_list_are_the_sums_of_its_rows_whatever_the_filter(
    database: Database, context: Context
) -> None:
    _two_families(database)
    first, second = _issue(database, context, issued_on=date(2026, 3, 1), due_on=date(2026, 3, 10)).invoices
    regie_id = first.regie_id
    with database.writing() as session:
        family_id = session.execute(
            select(Invoice.family_id).where(Invoice.id == second.invoice_id)
        ).scalar_one()
        payments.record(
            session,
            context,
            payments.RecordPayment(family_id, regie_id, PaymentMode.CHEQUE, 500, date(2026, 3, 2)),
        )
    today = context.now.date()
    for standing in (None, *Standing):
        query = InvoiceQuery(standing=standing)
        rows = transaction.read(database, context, invoice_documents.search, query).rows
        sums = transaction.read(database, context, invoice_documents.totals, query)
        assert (sums.documents, sums.total_cents, sums.left_cents) == (
            len(rows),
            sum(row.total_cents for row in rows),
            sum(row.left_cents for row in rows),
        )
        assert standing is None or all(row.standing(today) is standing for row in rows)
    overdue = transaction.read(
        database, context, invoice_documents.totals, InvoiceQuery(standing=Standing.OVERDUE)
    )
    assert overdue.documents == 2


def test_what_a_credit_note_took_off_or_the_tresor_collects_is_not_late(
    database: Database, context: Context
) -> None:
    _two_families(database)
    first, second = _issue(database, context, issued_on=date(2026, 3, 1), due_on=date(2026, 3, 10)).invoices
    with database.writing() as session:
        _credit_whole(session, first.invoice_id)
        session.add(
            TreasuryTitle(
                invoice_id=second.invoice_id,
                ormc_number="12",
                issued_on=date(2026, 3, 15),
                amount_cents=second.total_cents,
            )
        )
    rows = transaction.read(database, context, invoice_documents.search, InvoiceQuery()).rows
    stands = {row.invoice_id: (row.standing(context.now.date()), row.left_cents) for row in rows}
    assert stands[first.invoice_id] == (Standing.PAID, 0)
    assert stands[second.invoice_id] == (Standing.TREASURY, 0)
    for standing, documents in ((Standing.OVERDUE, 0), (Standing.PAID, 1), (Standing.TREASURY, 1)):
        found = transaction.read(database, context, invoice_documents.totals, InvoiceQuery(standing=standing))
        assert (found.documents, found.left_cents) == (documents, 0)


def _credit_whole(session: Session, invoice_id: int) -> None:
    """A credit note over the whole of an invoice, as the rows of one read."""
    session.execute(
        text(
            "INSERT INTO invoice (kind, regie_id, series, number, label, refers_to_id, family_id, debtor, period_start,"
            " period_end, issued_on, due_on, total_cents, line_count, printed) SELECT 'credit_note', regie_id, series,"
            " 9000, 'AL-A1', id, family_id, debtor, period_start, period_end, issued_on, due_on, total_cents, 0, printed"
            " FROM invoice WHERE id = :id"
        ),
        {"id": invoice_id},
    )


def test_files_are_written_one_each_or_together_and_stop_where_asked(
    database: Database, context: Context, tmp_path: Path
) -> None:
    _two_families(database)
    ids = tuple(row.invoice_id for row in _issue(database, context).invoices)
    heard: list[tuple[int, int]] = []
    each = invoice_files.write_invoices(
        database,
        context,
        WriteFiles(ids, tmp_path / "un"),
        lambda done, total, _text: heard.append((done, total)),
    )
    assert all(path.read_bytes().startswith(b"%PDF") for path in each)
    assert len(each) == 2
    assert heard == [(0, 2), (2, 2)]
    (whole,) = invoice_files.write_invoices(database, context, WriteFiles(ids, tmp_path, "mars"))
    assert len(pypdf.PdfReader(whole).pages) == 2

    def stop(_done: int, _total: int, _text: str) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        invoice_files.write_invoices(database, context, WriteFiles(ids, tmp_path / "rien"), stop)
    assert not (tmp_path / "rien").exists()
