"""Payments, what they pay, and the deposits they are in: frozen values in cents; no database here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from guichet.rules.money import format_euros
from guichet.rules.text import fold
from guichet.services.noethys import guess
from guichet.services.noethys.drafts import Ref, Unusable, rows_once
from guichet.services.noethys.map_offer import DEFAULT_REGIE
from guichet.services.noethys.map_people import People
from guichet.services.noethys.money_values import (
    AllocationValue,
    ChargeValue,
    DepositValue,
    Money,
    PaymentValue,
)
from guichet.services.noethys.reader import NoethysFile, Row
from guichet.services.noethys.report import Tally


def map_deposits(file: NoethysFile, tally: Tally, money: Money) -> None:
    for row in rows_once(file, "depots", tally):
        day = row.day("date")
        if day is None:
            tally.leave_out("depots", row.key, "date absente ou illisible")
        else:
            name = row.text("nom") or f"Dépôt {row.key}"
            money.deposits[row.key] = DepositValue(row.key, row.digest, name, day)


def map_payments(file: NoethysFile, tally: Tally, people: People, money: Money) -> None:
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
        money.last_payment_number = max(money.last_payment_number, int(row.key))
        money.payments[row.key] = PaymentValue(
            key=row.key,
            digest=row.digest,
            regie=DEFAULT_REGIE,
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


@dataclass(frozen=True)
class _Wish:
    """A « ventilation » as Noethys has it."""

    row: Row
    payment: PaymentValue
    charge: ChargeValue
    amount: int


def map_allocations(file: NoethysFile, tally: Tally, money: Money) -> None:
    """What each payment pays: as Noethys says where it adds up, else never more than there is.

    Each payment then takes the régie of most of what it pays.
    """
    wishes: dict[str, list[_Wish]] = defaultdict(list)
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
            wishes[payment.family].append(_Wish(row, payment, charge, amount))
    for own in wishes.values():
        granted = [(wish, wish.amount) for wish in own] if _adds_up(own) else _fit(own, tally)
        for wish, amount in granted:
            value = AllocationValue(wish.row.key, wish.row.digest, wish.payment.key, wish.charge.key, amount)
            money.allocations.append(value)
    _give_regies(money)


def _adds_up(wishes: Sequence[_Wish]) -> bool:
    """Whether no payment gives, and no charge takes, more than it is worth, whatever their signs."""
    spent: dict[str, int] = defaultdict(int)
    paid: dict[str, int] = defaultdict(int)
    for wish in wishes:
        spent[wish.payment.key] += wish.amount
        paid[wish.charge.key] += wish.amount
    return all(
        _within(spent[wish.payment.key], wish.payment.amount)
        and _within(paid[wish.charge.key], wish.charge.amount)
        for wish in wishes
    )


def _within(total: int, worth: int) -> bool:
    return min(worth, 0) <= total <= max(worth, 0)


def _fit(wishes: Iterable[_Wish], tally: Tally) -> list[tuple[_Wish, int]]:
    """Grant each wish what there is room for, reductions first: what they free of a payment pays the rest."""
    spent: dict[str, int] = defaultdict(int)
    paid: dict[str, int] = defaultdict(int)
    granted = []
    for wish in sorted(wishes, key=lambda wish: wish.amount > 0):
        row, payment, charge = wish.row, wish.payment, wish.charge
        room = _room(payment.amount, spent[payment.key], charge.amount, paid[charge.key], wish.amount)
        if room == 0:
            tally.leave_out(
                "ventilation", row.key, "dépasse ce que vaut le règlement ou la prestation", wish.amount
            )
            continue
        if room != wish.amount:
            text = f"dépasse ce que vaut le règlement ou la prestation : ramenée à {format_euros(room)}"
            tally.note("ventilation", row.key, text)
        spent[payment.key] += room
        paid[charge.key] += room
        granted.append((wish, room))
    return granted


def _room(payment: int, spent: int, charge: int, paid: int, wanted: int) -> int:
    """How much of `wanted` cents fits between what the payment still holds and what the charge still lacks."""
    if wanted > 0:
        return max(min(wanted, payment - spent, charge - paid), 0)
    held = payment - spent if payment < 0 else wanted
    return min(max(wanted, held, charge - paid), 0)


def _give_regies(money: Money) -> None:
    received: dict[str, dict[Ref, int]] = defaultdict(lambda: defaultdict(int))
    for allocation in money.allocations:
        received[allocation.payment][money.charges[allocation.charge].regie] += abs(allocation.amount)
    for key, regies in received.items():
        regie = max(regies, key=lambda regie: (regies[regie], regie))
        money.payments[key] = replace(money.payments[key], regie=regie)
