"""What the file says a family owes, beside what the base says once it has come."""

from collections import defaultdict

from sqlalchemy import func, select

from guichet.models.money import Charge, DocumentOrigin, Invoice, Payment
from guichet.rules.text import fold
from guichet.services.noethys.load import Loader
from guichet.services.noethys.map_people import People
from guichet.services.noethys.money_values import Money
from guichet.services.noethys.reader import NoethysFile
from guichet.services.noethys.report import FamilyBalance, InvoiceTotal


def balances(
    loader: Loader, file: NoethysFile, people: People, numbers: dict[str, str]
) -> tuple[FamilyBalance, ...]:
    """Both balances of every family of the file. Cancelled invoices count for nothing, as in Noethys."""
    invoiced, charged, paid = _in_file(file, people)
    here = {model: _here(loader, model) for model in (Invoice, Charge, Payment)}
    found = []
    for key in people.family_drafts:
        family_id = loader.row_id("familles", key)
        found.append(
            FamilyBalance(
                number=numbers[key],
                invoiced_in_file_cents=invoiced[key] - paid[key],
                invoiced_cents=here[Invoice].get(family_id, 0) - here[Payment].get(family_id, 0),
                with_uninvoiced_in_file_cents=charged[key] - paid[key],
                with_uninvoiced_cents=here[Charge].get(family_id, 0) - here[Payment].get(family_id, 0),
            )
        )
    return tuple(found)


def _in_file(
    file: NoethysFile, people: People
) -> tuple[defaultdict[str, int], defaultdict[str, int], defaultdict[str, int]]:
    """Cents of invoices, charges and payments by family, added up from the rows as they stand."""
    invoiced: defaultdict[str, int] = defaultdict(int)
    charged: defaultdict[str, int] = defaultdict(int)
    paid: defaultdict[str, int] = defaultdict(int)
    billed: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in file.rows("prestations"):
        if family := people.account_family(row):
            amount = row.cents("montant") or 0
            charged[family] += amount
            billed[row.ref("IDfacture") or ""][family] += amount
    for row in file.rows("factures"):
        own, total = billed[row.key], row.cents("total")
        only = next(iter(own)) if len(own) == 1 else None
        family = people.account_family(row) or only
        if family and not fold(row.text("etat")).startswith("annul"):
            invoiced[family] += own[family] if total is None else total
    for row in file.rows("reglements"):
        if family := people.account_family(row):
            paid[family] += row.cents("montant") or 0
    return invoiced, charged, paid


def _here(loader: Loader, model: type[Invoice] | type[Charge] | type[Payment]) -> dict[int, int]:
    """Cents by family of what came from another program; what Guichet made since is not compared."""
    amount = Invoice.total_cents if model is Invoice else model.__table__.c.amount_cents
    statement = (
        select(model.family_id, func.sum(amount))
        .where(model.origin == DocumentOrigin.IMPORTED)
        .group_by(model.family_id)
    )
    return {family_id: int(cents) for family_id, cents in loader.session.execute(statement)}


def invoice_totals(loader: Loader, money: Money, numbers: dict[str, str]) -> tuple[InvoiceTotal, ...]:
    """Each invoice that stands here, with the total the file gives it."""
    statement = select(Invoice.id, Invoice.label, Invoice.total_cents)
    rows = loader.session.execute(statement.where(Invoice.origin == DocumentOrigin.IMPORTED))
    here = {row.id: row for row in rows}
    return tuple(
        InvoiceTotal(here[row_id].label, numbers[invoice.family], invoice.total, here[row_id].total_cents)
        for invoice in money.invoices
        if (row_id := loader.find("factures", invoice.key)) is not None
    )
