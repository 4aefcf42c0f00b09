"""Invoices: from « factures » to frozen values in cents; no database here."""

from collections import defaultdict
from dataclasses import replace
from datetime import date

from guichet.rules.money import format_euros
from guichet.rules.names import person_sort_key
from guichet.rules.text import fold
from guichet.services.noethys.drafts import Ref, Unusable, rows_once
from guichet.services.noethys.map_offer import DEFAULT_REGIE, Offer
from guichet.services.noethys.map_people import People
from guichet.services.noethys.money_values import ChargeValue, InvoiceValue, Money
from guichet.services.noethys.reader import NoethysFile, Row
from guichet.services.noethys.report import Tally


def map_invoices(file: NoethysFile, tally: Tally, people: People, offer: Offer, money: Money) -> None:
    """Every invoice with its printed number and total, and the charges it bills; a cancelled one does not come.

    The charges it bills take its régie.
    """
    prefixes = {row.key: row.text("prefixe")[:30] for row in file.rows("factures_prefixes")}
    regies = {draft.key for draft in offer.regie_drafts}
    billed: dict[str, list[ChargeValue]] = defaultdict(list)
    for charge in money.charges.values():
        if charge.invoice:
            billed[charge.invoice].append(charge)
    uses: dict[Ref, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    kept: set[str] = set()
    for row in rows_once(file, "factures", tally):
        regie_key = row.ref("IDregie")
        regie = ("factures_regies", regie_key) if regie_key in regies and regie_key else DEFAULT_REGIE
        prefix, number = prefixes.get(row.ref("IDprefixe") or "", ""), row.whole("numero")
        money.last_invoice_numbers[regie] = max(money.last_invoice_numbers.get(regie, 0), number or 0)
        uses[regie][prefix] += 1
        own = sorted(billed.get(row.key, []), key=lambda charge: _line_order(charge, people, offer))
        try:
            invoice = _invoice(row, regie, prefix, number, own, people, tally, money)
        except Unusable as why:
            tally.leave_out("factures", row.key, str(why), row.cents("total"))
            continue
        kept.add(row.key)
        money.invoices.append(invoice)
        for line in invoice.lines:
            if line.kind == "prestations":
                money.charges[line.key] = line
        numbers = money.last_invoice_numbers
        numbers[regie] = max(numbers[regie], invoice.number)
    for charge in money.charges.values():
        if charge.invoice and charge.invoice not in kept:
            tally.note(
                "prestations",
                charge.key,
                "facture annulée ou absente : prestation reprise comme non facturée",
            )
    for regie, counts in uses.items():
        money.prefixes[regie] = max(counts, key=lambda prefix: (counts[prefix], prefix))


def _line_order(charge: ChargeValue, people: People, offer: Offer) -> tuple[str, str, str, date, int]:
    """Lines by child, activity and day; what concerns the whole family comes last."""
    child = people.persons[charge.child] if charge.child else None
    activity = offer.activity_names.get(charge.activity or "", "")
    name = person_sort_key(child.last_name, child.first_name) if child else "~"
    return name, charge.child or "", activity, charge.day, int(charge.key)


def _invoice(
    row: Row,
    regie: Ref,
    prefix: str,
    number: int | None,
    own: list[ChargeValue],
    people: People,
    tally: Tally,
    money: Money,
) -> InvoiceValue:
    printed = _printed_number(prefix, number, row.key)
    if fold(row.text("etat")).startswith("annul"):
        raise Unusable(f"facture {printed} annulée dans Noethys, son numéro ne sera pas réutilisé")
    families = {charge.family for charge in own}
    family = people.account_family(row) or (families.pop() if len(families) == 1 else None)
    if family is None:
        raise Unusable(f"facture {printed} : compte payeur absent du fichier")
    issued_on, period_start, period_end = _invoice_days(row, own, printed, tally)
    lines = [replace(charge, regie=regie) for charge in own if charge.family == family]
    for charge in own:
        if charge.family != family:
            tally.note(
                "prestations",
                charge.key,
                f"prestation d’une autre famille que la facture {printed} : non facturée",
            )
    if number is None:
        tally.note("factures", row.key, "facture sans numéro lisible : identifiée par sa clé")
    total = row.cents("total")
    if total is None:
        total = sum(line.amount for line in lines)
        tally.note("factures", row.key, f"facture {printed} sans total lisible : somme de ses prestations")
    lines += _gap(
        row.key, printed, total - sum(line.amount for line in lines), family, regie, issued_on, tally, money
    )
    return InvoiceValue(
        key=row.key,
        digest=row.digest,
        regie=regie,
        prefix=prefix if number is not None else f"{prefix}sans-numero",
        number=number if number is not None else int(row.key),
        label=printed,
        family=family,
        issued_on=issued_on,
        due_on=row.day("date_echeance"),
        period_start=period_start,
        period_end=period_end,
        total=total,
        paid_at_issue=row.cents("regle") or 0,
        lines=tuple(lines),
    )


def _printed_number(prefix: str, number: int | None, key: str) -> str:
    """As Noethys prints it: six digits, behind the prefix where there is one."""
    written = f"{number:06d}" if number is not None else f"sans numéro {key}"
    return f"{prefix}-{written}" if prefix else written


def _invoice_days(row: Row, own: list[ChargeValue], printed: str, tally: Tally) -> tuple[date, date, date]:
    """Issue date and period, each taken from the next best thing where Noethys left it empty."""
    days = [charge.day for charge in own]
    start = row.day("date_debut") or min(days, default=None)
    end = row.day("date_fin") or max(days, default=None)
    issued_on = row.day("date_edition")
    if issued_on is None:
        issued_on = end or start or row.day("date_echeance")
        if issued_on is None:
            raise Unusable(f"facture {printed} : aucune date lisible")
        tally.note(
            "factures", row.key, f"facture {printed} sans date d’édition : datée de la fin de sa période"
        )
    start = start or end or issued_on
    end = end or start
    if start > end:
        tally.note("factures", row.key, f"facture {printed} : période inversée, remise dans l’ordre")
        start, end = end, start
    return issued_on, start, end


def _gap(
    key: str, printed: str, gap: int, family: str, regie: Ref, day: date, tally: Tally, money: Money
) -> list[ChargeValue]:
    """The line that makes an invoice worth its printed total, and its counterpart, not invoiced.

    Both together are worth nothing: the total printed and the sum of the « prestations » are both kept.
    """
    if gap == 0:
        return []
    tally.note(
        "factures",
        key,
        f"facture {printed} : le total imprimé dépasse de {format_euros(gap)} la somme de ses prestations ; "
        "une ligne d’écart et sa contrepartie non facturée gardent les deux",
    )
    both = []
    for side, amount, label in (
        ("ligne", gap, f"Écart entre le total de la facture {printed} et ses prestations"),
        ("contrepartie", -gap, f"Contrepartie de l’écart de la facture {printed}"),
    ):
        sentence = f"{label}, constaté à la reprise de Noethys."
        both.append(
            ChargeValue(
                kind="factures.ecart",
                key=f"{key}-{side}",
                digest=None,
                family=family,
                child=None,
                activity=None,
                regie=regie,
                day=day,
                label=label,
                amount=amount,
                eligible=0,
                trace={
                    "source": "noethys",
                    "method": "gap",
                    "label": label,
                    "quotient": None,
                    "unit_price": amount,
                    "sentence": sentence,
                },
                invoice=key if side == "ligne" else None,
                quotient=None,
            )
        )
    money.counterparts += both
    return both[:1]
