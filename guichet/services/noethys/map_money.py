"""Charges, invoices, payments and what they pay: from Noethys's floats to frozen values in cents; no database here.

Whatever happens to one row, the two balances of a family stay those of the file: what is invoiced is the total
printed on the invoices, what is charged is the sum of the « prestations ».
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from guichet.models.money import PaymentMode
from guichet.rules.money import format_euros
from guichet.rules.text import fold
from guichet.services.noethys import guess
from guichet.services.noethys.drafts import Merged, Ref, Unusable, rows_once
from guichet.services.noethys.map_bookings import Usage
from guichet.services.noethys.map_offer import DEFAULT_REGIE, Offer
from guichet.services.noethys.map_people import People
from guichet.services.noethys.map_records import Quotients
from guichet.services.noethys.reader import NoethysFile, Row
from guichet.services.noethys.report import Tally

CARE = "consommation"


@dataclass(frozen=True)
class ChargeValue:
    """One « prestation », deductions already taken off (they are in `montant`), in cents."""

    kind: str
    key: str
    digest: str | None
    family: str
    child: str | None
    activity: str | None
    regie: Ref
    day: date
    label: str
    amount: int
    eligible: int
    trace: Mapping[str, Any]
    invoice: str | None
    quotient: int | None

    @property
    def ref(self) -> Ref:
        return (self.kind, self.key)


@dataclass(frozen=True)
class InvoiceValue:
    """One « facture » with the charges it bills, in the order of its lines."""

    key: str
    digest: str
    regie: Ref
    prefix: str
    number: int
    label: str
    rank: int
    family: str
    issued_on: date
    due_on: date | None
    period_start: date
    period_end: date
    total: int
    lines: tuple[ChargeValue, ...]


@dataclass(frozen=True)
class PaymentValue:
    """One « règlement »."""

    key: str
    digest: str
    family: str
    payer: str | None
    payer_name: str
    mode: PaymentMode
    mode_label: str
    received_on: date
    amount: int
    reference: str | None
    note: str | None
    deposit: str | None


@dataclass(frozen=True)
class AllocationValue:
    """Cents of a payment that pay a charge."""

    key: str
    digest: str
    payment: str
    charge: str
    amount: int


@dataclass(frozen=True)
class DepositValue:
    """A « dépôt »."""

    key: str
    digest: str
    name: str
    deposited_on: date


@dataclass
class Money:
    """All the money of the file."""

    charges: dict[str, ChargeValue] = field(default_factory=dict)
    counterparts: list[ChargeValue] = field(default_factory=list)
    invoices: list[InvoiceValue] = field(default_factory=list)
    payments: dict[str, PaymentValue] = field(default_factory=dict)
    allocations: list[AllocationValue] = field(default_factory=list)
    deposits: dict[str, DepositValue] = field(default_factory=dict)
    merged: list[Merged] = field(default_factory=list)
    last_invoice_numbers: dict[Ref, int] = field(default_factory=dict)
    last_payment_number: int = 0
    prefixes: dict[Ref, str] = field(default_factory=dict)


def map_money(
    file: NoethysFile, tally: Tally, people: People, offer: Offer, usage: Usage, quotients: Quotients
) -> Money:
    """All that was charged, invoiced, paid and deposited."""
    money = Money()
    _map_charges(file, tally, people, offer, usage, quotients, money)
    _map_invoices(file, tally, people, offer, money)
    _map_deposits(file, tally, money)
    _map_payments(file, tally, people, money)
    _map_allocations(file, tally, money)
    return money


@dataclass(frozen=True)
class _Labels:
    """Names that charges print, by key."""

    tariffs: Mapping[str, str]
    quotient_tariffs: frozenset[str]
    deductions: Mapping[str, list[Row]]


def _map_charges(
    file: NoethysFile,
    tally: Tally,
    people: People,
    offer: Offer,
    usage: Usage,
    quotients: Quotients,
    money: Money,
) -> None:
    names = {row.key: row.text("nom") for row in file.rows("noms_tarifs")}
    deductions: dict[str, list[Row]] = defaultdict(list)
    for row in rows_once(file, "deductions", tally):
        deductions[row.ref("IDprestation") or ""].append(row)
    labels = _Labels(
        {row.key: names.get(row.ref("IDnom_tarif") or "", "") for row in file.rows("tarifs")},
        frozenset(row.key for row in file.rows("tarifs") if "qf" in row.text("methode")),
        deductions,
    )
    with_meal = 0
    for row in rows_once(file, "prestations", tally):
        try:
            charge = _charge(row, people, offer, usage, quotients, labels)
        except Unusable as why:
            tally.leave_out("prestations", row.key, str(why), row.cents("montant"))
            continue
        money.charges[row.key] = charge
        with_meal += _bills_care_and_meal(row.key, offer, usage) and charge.eligible != 0
        _check_deductions(row, charge.amount, deductions.get(row.key, []), tally)
    for charge_key, rows in deductions.items():
        for row in rows:
            if charge_key in money.charges:
                money.merged.append(Merged("deductions", row.key, money.charges[charge_key].ref, row.digest))
            else:
                tally.leave_out(
                    "deductions", row.key, "prestation absente ou non reprise", row.cents("montant")
                )
    if with_meal:
        tally.note(
            "prestations",
            "",
            f"{with_meal} prestations facturent ensemble l’accueil et un repas : Noethys ne dit pas la part du repas, "
            "elles comptent en entier dans l’attestation fiscale. À vérifier avant d’éditer les attestations.",
        )


def _charge(
    row: Row, people: People, offer: Offer, usage: Usage, quotients: Quotients, labels: _Labels
) -> ChargeValue:
    family, amount = people.account_family(row), row.cents("montant")
    if family is None:
        raise Unusable("compte payeur et famille absents du fichier")
    if amount is None:
        raise Unusable("montant absent ou illisible")
    day = row.day("date") or row.day("date_valeur") or usage.charged_days.get(row.key)
    if day is None:
        raise Unusable("date absente ou illisible")
    child, activity = row.ref("IDindividu"), row.ref("IDactivite")
    child = child if child in people.persons else None
    activity = activity if activity in offer.activity_names else None
    tariff = row.ref("IDtarif") or ""
    label = row.text("label") or labels.tariffs.get(tariff) or "Prestation"
    care = fold(row.text("categorie")) in {CARE, ""} and child is not None and activity is not None
    return ChargeValue(
        kind="prestations",
        key=row.key,
        digest=row.digest,
        family=family,
        child=child,
        activity=activity,
        regie=offer.activity_regies.get(activity or "", DEFAULT_REGIE),
        day=day,
        label=label,
        amount=amount,
        eligible=amount if care and not _is_meal_only(row.key, label, offer, usage) else 0,
        trace=_trace(row, label, amount, labels),
        invoice=row.ref("IDfacture"),
        quotient=quotients.on(family, day) if tariff in labels.quotient_tariffs else None,
    )


def _slots(charge: str, offer: Offer, usage: Usage) -> list[bool]:
    """For each slot that a charge bills, whether it is a meal."""
    return [offer.slots[slot].meal for slot in usage.charged_slots.get(charge, ()) if slot in offer.slots]


def _is_meal_only(charge: str, label: str, offer: Offer, usage: Usage) -> bool:
    meals = _slots(charge, offer, usage)
    return all(meals) if meals else guess.is_meal(label)


def _bills_care_and_meal(charge: str, offer: Offer, usage: Usage) -> bool:
    meals = _slots(charge, offer, usage)
    return any(meals) and not all(meals)


def _trace(row: Row, label: str, amount: int, labels: _Labels) -> dict[str, Any]:
    """What explains the price: it was reckoned by Noethys, on the amounts that follow."""
    taken_off = [
        {"label": deduction.text("label"), "cents": deduction.cents("montant")}
        for deduction in labels.deductions.get(row.key, [])
    ]
    initial = row.cents("montant_initial")
    sentence = f"Repris de Noethys : « {label} », {format_euros(amount)}"
    if initial is not None and initial != amount:
        reasons = ", ".join(str(one["label"]) for one in taken_off if one["label"]) or "déduction"
        sentence += f", soit {format_euros(initial)} moins {format_euros(initial - amount)} ({reasons})"
    return {
        "source": "noethys",
        "label": label,
        "unit_price": amount,
        "initial": initial,
        "deductions": taken_off,
        "sentence": f"{sentence}.",
    }


def _check_deductions(row: Row, amount: int, deductions: list[Row], tally: Tally) -> None:
    initial = row.cents("montant_initial")
    if not deductions or initial is None:
        return
    taken_off = sum(deduction.cents("montant") or 0 for deduction in deductions)
    if initial - taken_off != amount:
        tally.note(
            "prestations",
            row.key,
            "montant différent du montant initial moins les déductions : montant repris",
        )


def _map_invoices(file: NoethysFile, tally: Tally, people: People, offer: Offer, money: Money) -> None:
    prefixes = {row.key: row.text("prefixe") for row in file.rows("factures_prefixes")}
    regies = {draft.key for draft in offer.regie_drafts}
    billed: dict[str, list[ChargeValue]] = defaultdict(list)
    for charge in money.charges.values():
        if charge.invoice:
            billed[charge.invoice].append(charge)
    ranks: dict[tuple[Ref, str, int], int] = defaultdict(int)
    uses: dict[Ref, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    kept: set[str] = set()
    for row in rows_once(file, "factures", tally):
        regie_key = row.ref("IDregie")
        regie = ("factures_regies", regie_key) if regie_key in regies and regie_key else DEFAULT_REGIE
        prefix, number = prefixes.get(row.ref("IDprefixe") or "", ""), row.whole("numero")
        money.last_invoice_numbers[regie] = max(money.last_invoice_numbers.get(regie, 0), number or 0)
        uses[regie][prefix] += 1
        own = sorted(billed.get(row.key, []), key=lambda charge: (charge.day, len(charge.key), charge.key))
        try:
            invoice = _invoice(row, regie, prefix, number, own, people, ranks, tally, money)
        except Unusable as why:
            tally.leave_out("factures", row.key, str(why), row.cents("total"))
            continue
        kept.add(row.key)
        money.invoices.append(invoice)
    for charge in money.charges.values():
        if charge.invoice and charge.invoice not in kept:
            tally.note(
                "prestations",
                charge.key,
                "facture annulée ou absente : prestation reprise comme non facturée",
            )
    for regie, counts in uses.items():
        money.prefixes[regie] = max(counts, key=lambda prefix: (counts[prefix], prefix))


def _invoice(
    row: Row,
    regie: Ref,
    prefix: str,
    number: int | None,
    own: list[ChargeValue],
    people: People,
    ranks: dict[tuple[Ref, str, int], int],
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
    lines = [charge for charge in own if charge.family == family]
    for charge in own:
        if charge.family != family:
            tally.note(
                "prestations",
                charge.key,
                f"prestation d’une autre famille que la facture {printed} : non facturée",
            )
    rank = ranks[regie, prefix, number or 0] = ranks[regie, prefix, number or 0] + 1
    if number is None:
        tally.note("factures", row.key, "facture sans numéro lisible : identifiée par sa clé")
    elif rank > 1:
        tally.note("factures", row.key, f"numéro {printed} déjà porté par une autre facture")
        printed = f"{printed} ({rank})"
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
        number=number if number is not None else int(row.key) if row.key.isdecimal() else 0,
        label=printed,
        rank=rank,
        family=family,
        issued_on=issued_on,
        due_on=row.day("date_echeance"),
        period_start=period_start,
        period_end=period_end,
        total=total,
        lines=tuple(lines),
    )


def _printed_number(prefix: str, number: int | None, key: str) -> str:
    """As Noethys prints it: six digits, behind the prefix where there is one."""
    written = f"{number:06d}" if number is not None else f"sans numéro {key}"
    return f"{prefix}-{written}" if prefix else written


def _invoice_days(row: Row, own: list[ChargeValue], printed: str, tally: Tally) -> tuple[date, date, date]:
    """Issue date and period, each taken from the next best thing where Noethys left it empty."""
    days = [charge.day for charge in own]
    start, end = (
        row.day("date_debut") or min(days, default=None),
        row.day("date_fin") or max(days, default=None),
    )
    issued_on = row.day("date_edition")
    if issued_on is None:
        issued_on = end or start or row.day("date_echeance")
        if issued_on is None:
            raise Unusable(f"facture {printed} : aucune date lisible")
        tally.note(
            "factures", row.key, f"facture {printed} sans date d’édition : datée de la fin de sa période"
        )
    start, end = start or end or issued_on, end or start or issued_on
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
                trace={"source": "noethys", "label": label, "unit_price": amount, "sentence": sentence},
                invoice=key if side == "ligne" else None,
                quotient=None,
            )
        )
    money.counterparts += both
    return both[:1]


def _map_deposits(file: NoethysFile, tally: Tally, money: Money) -> None:
    for row in rows_once(file, "depots", tally):
        day = row.day("date")
        if day is None:
            tally.leave_out("depots", row.key, "date absente ou illisible")
        else:
            name = row.text("nom") or f"Dépôt {row.key}"
            money.deposits[row.key] = DepositValue(row.key, row.digest, name, day)


def _map_payments(file: NoethysFile, tally: Tally, people: People, money: Money) -> None:
    modes = {row.key: row.text("label") for row in file.rows("modes_reglements")}
    banks = {row.key: row.text("nom") for row in file.rows("emetteurs")}
    payers = {row.key: row.text("nom") for row in file.rows("payeurs")}
    for row in rows_once(file, "reglements", tally):
        amount = row.cents("montant")
        try:
            family, day = _payment_facts(row, amount, people)
        except Unusable as why:
            tally.leave_out("reglements", row.key, str(why), amount)
            continue
        if row.day("date") is None:
            tally.note("reglements", row.key, "sans date lisible : date de saisie reprise")
        deposit = row.ref("IDdepot")
        if deposit and deposit not in money.deposits:
            tally.note("reglements", row.key, "dépôt absent du fichier")
        payer = _payer(payers.get(row.ref("IDpayeur") or "", ""), family, people)
        mode_label = modes.get(row.ref("IDmode") or "") or "Autre"
        money.last_payment_number = max(money.last_payment_number, int(row.key) if row.key.isdecimal() else 0)
        money.payments[row.key] = PaymentValue(
            key=row.key,
            digest=row.digest,
            family=family,
            payer=payer,
            payer_name=payers.get(row.ref("IDpayeur") or "") or _payer_name(family, people),
            mode=guess.payment_mode(mode_label),
            mode_label=mode_label,
            received_on=day,
            amount=amount or 0,
            reference=row.text("numero_piece") or None,
            note=_payment_note(row, banks),
            deposit=deposit if deposit in money.deposits else None,
        )


def _payment_facts(row: Row, amount: int | None, people: People) -> tuple[str, date]:
    family, day = people.account_family(row), row.day("date") or row.day("date_saisie")
    if family is None:
        raise Unusable("compte payeur absent du fichier")
    if amount is None:
        raise Unusable("montant absent ou illisible")
    if amount == 0:
        raise Unusable("montant nul")
    if day is None:
        raise Unusable("date absente ou illisible")
    return family, day


def _payer(name: str, family: str, people: People) -> str | None:
    """The member of the family whom Noethys's payer names."""
    wanted = sorted(fold(name).split())
    for key, member in people.members.get(family, {}).items():
        if wanted and sorted(fold(member.person.name).split()) == wanted:
            return key
    return None


def _payer_name(family: str, people: People) -> str:
    payer = people.payers.get(family)
    return people.persons[payer].name if payer else str(people.family_drafts[family].columns["label"])


def _payment_note(row: Row, banks: Mapping[str, str]) -> str | None:
    receipt, waits = row.text("numero_quittancier"), row.whole("encaissement_attente")
    later = row.day("date_differe")
    parts = (
        banks.get(row.ref("IDemetteur") or ""),
        f"Quittance {receipt}" if receipt else "",
        f"Encaissement différé au {later:%d/%m/%Y}" if later else "",
        "Encaissement en attente" if waits else "",
        row.text("observations"),
    )
    return "\n".join(part for part in parts if part) or None


def _map_allocations(file: NoethysFile, tally: Tally, money: Money) -> None:
    """What each payment pays, never more than it holds nor than the charge is worth.

    Reductions (negative on a negative charge) go first: what they free of a payment pays the rest.
    """
    usable: list[tuple[Row, PaymentValue, ChargeValue, int]] = []
    for row in rows_once(file, "ventilation", tally):
        payment = money.payments.get(row.ref("IDreglement") or "")
        charge = money.charges.get(row.ref("IDprestation") or "")
        amount = row.cents("montant")
        if payment is None or charge is None:
            what = "règlement" if payment is None else "prestation"
            tally.leave_out("ventilation", row.key, f"{what} absent du fichier ou non repris", amount)
        elif not amount:
            tally.leave_out("ventilation", row.key, "montant absent, illisible ou nul", amount)
        elif payment.family != charge.family:
            tally.leave_out("ventilation", row.key, "règlement et prestation de deux familles", amount)
        else:
            usable.append((row, payment, charge, amount))
    paid: dict[str, int] = defaultdict(int)
    spent: dict[str, int] = defaultdict(int)
    usable.sort(key=lambda one: one[3] > 0)
    for row, payment, charge, wanted in usable:
        room = _room(payment.amount, spent[payment.key], charge.amount, paid[charge.key], wanted)
        if room == 0:
            tally.leave_out(
                "ventilation", row.key, "dépasse ce que vaut le règlement ou la prestation", wanted
            )
            continue
        if room != wanted:
            tally.note(
                "ventilation",
                row.key,
                f"dépasse ce que vaut le règlement ou la prestation : ramenée à {format_euros(room)}",
            )
        spent[payment.key] += room
        paid[charge.key] += room
        money.allocations.append(AllocationValue(row.key, row.digest, payment.key, charge.key, room))


def _room(payment: int, spent: int, charge: int, paid: int, wanted: int) -> int:
    """How much of `wanted` cents fits between what the payment still holds and what the charge still lacks."""
    if wanted > 0:
        return max(min(wanted, payment - spent, charge - paid), 0)
    held = payment - spent if payment < 0 else wanted
    return min(max(wanted, held, charge - paid), 0)
