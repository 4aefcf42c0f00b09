"""What the billing screens read."""

from datetime import date

from guichet.models.database import Database
from guichet.services import billing_views, invoice_drafts, invoices, transaction
from guichet.services.billing_views import PreviewQuery
from guichet.services.invoice_drafts import DraftInvoices
from guichet.services.invoices import IssueInvoices
from guichet.services.transaction import Context
from tests.services.billing_town import found

FEBRUARY = (date(2026, 2, 1), date(2026, 2, 28))
MARCH = (date(2026, 3, 1), date(2026, 3, 31))


def _town(database: Database) -> None:
    with database.writing() as session:
        town = found(session)
        town.single(town.alsh, 1000)
        for name, days in (
            ("Zola", [date(2026, 2, 4), date(2026, 3, 4)]),
            ("Éluard", [date(2026, 3, 4), date(2026, 3, 11)]),
        ):
            family = town.family(name)
            town.book(town.enrol(family, town.child(family), town.alsh), town.journee, *days)


def test_a_draft_is_seen_family_by_family_beside_the_month_before(
    database: Database, context: Context
) -> None:
    _town(database)
    transaction.run(database, context, invoices.issue, IssueInvoices(*FEBRUARY))
    draft = transaction.run(database, context, invoice_drafts.draft, DraftInvoices(*MARCH))
    page = transaction.read(
        database, context, billing_views.preview, PreviewQuery(start=MARCH[0], end=MARCH[1], sort="total")
    )
    assert [(row.family_label, row.lines, row.total_cents, row.before_cents) for row in page.rows] == [
        ("Zola", 1, 1000, 1000),
        ("Éluard", 2, 2000, None),
    ]
    assert (page.total, sum(row.total_cents for row in page.rows)) == (draft.invoices, draft.total_cents)


def test_a_preview_is_paged(database: Database, context: Context) -> None:
    _town(database)
    transaction.run(database, context, invoice_drafts.draft, DraftInvoices(*MARCH))
    query = PreviewQuery(start=MARCH[0], end=MARCH[1], sort="total", descending=True, size=1)
    page = transaction.read(database, context, billing_views.preview, query)
    assert ([row.family_label for row in page.rows], page.total) == (["Éluard"], 2)


def test_a_regie_offers_only_the_means_of_its_act(database: Database, context: Context) -> None:
    _town(database)
    (regie,) = transaction.read(database, context, billing_views.regies, None)
    assert regie.series == "AL"
    assert [label for _, label in regie.modes] == ["Chèque", "Espèces", "Carte bancaire"]
