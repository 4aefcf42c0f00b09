"""Charges: from « prestations » and « deductions » to frozen values in cents; no database here."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from guichet.rules.money import format_euros
from guichet.rules.tariffs import TariffMethod
from guichet.rules.text import fold
from guichet.services.noethys import guess
from guichet.services.noethys.drafts import Merged, Unusable, rows_once
from guichet.services.noethys.map_bookings import Usage
from guichet.services.noethys.map_offer import DEFAULT_REGIE, Offer
from guichet.services.noethys.map_people import People
from guichet.services.noethys.map_records import Quotients, QuotientValue
from guichet.services.noethys.meals import Meals
from guichet.services.noethys.money_values import ChargeValue, Money
from guichet.services.noethys.reader import NoethysFile, Row
from guichet.services.noethys.report import Tally

CARE = "consommation"


@dataclass(frozen=True)
class _Labels:
    """Names that charges print, by key."""

    tariffs: Mapping[str, str]
    quotient_tariffs: frozenset[str]
    deductions: Mapping[str, list[Row]]
    meals: Meals


def map_charges(
    file: NoethysFile,
    tally: Tally,
    people: People,
    offer: Offer,
    usage: Usage,
    quotients: Quotients,
    money: Money,
) -> None:
    """Every charge, deductions already taken off by Noethys and told in its trace."""
    names = {row.key: row.text("nom") for row in file.rows("noms_tarifs")}
    deductions: dict[str, list[Row]] = defaultdict(list)
    for row in rows_once(file, "deductions", tally):
        deductions[row.ref("IDprestation") or ""].append(row)
    labels = _Labels(
        {row.key: names.get(row.ref("IDnom_tarif") or "", "") for row in file.rows("tarifs")},
        frozenset(row.key for row in file.rows("tarifs") if "qf" in row.text("methode")),
        deductions,
        Meals(file, offer, usage),
    )
    told, untold = 0, 0
    for row in rows_once(file, "prestations", tally):
        try:
            charge = _charge(row, people, offer, usage, quotients, labels)
        except Unusable as why:
            tally.leave_out("prestations", row.key, str(why), row.cents("montant"))
            continue
        money.charges[row.key] = charge
        if charge.eligible and labels.meals.include_a_meal(row.key):
            told, untold = (told + 1, untold) if charge.eligible != charge.amount else (told, untold + 1)
        _check_deductions(row, charge.amount, deductions.get(row.key, []), tally)
    for charge_key, rows in deductions.items():
        for row in rows:
            if charge_key in money.charges:
                money.merged.append(Merged("deductions", row.key, money.charges[charge_key].ref, row.digest))
            else:
                tally.leave_out(
                    "deductions", row.key, "prestation absente ou non reprise", row.cents("montant")
                )
    if told:
        tally.note(
            "prestations",
            "",
            f"{told} prestations facturent ensemble l’accueil et un repas : le repas, hors attestation fiscale, est la "
            "différence avec le tarif sans repas. À vérifier avant d’éditer les attestations.",
        )
    if untold:
        tally.note(
            "prestations",
            "",
            f"{untold} prestations comprennent un repas dont aucun tarif ne dit la part : elles comptent en entier dans "
            "l’attestation fiscale. À vérifier avant d’éditer les attestations.",
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
    used = quotients.on(family, day) if tariff in labels.quotient_tariffs else None
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
        eligible=_eligible(row, day, amount, label, labels.meals) if care else 0,
        trace=_trace(row, label, amount, labels, used),
        invoice=row.ref("IDfacture"),
        quotient=used.value if used else None,
    )


def _eligible(row: Row, day: date, amount: int, label: str, meals: Meals) -> int:
    """What of a charge for care counts on the fiscal attestation: all but the meals."""
    if meals.are_meals_only(row.key) or (not meals.slots(row.key) and guess.is_meal(label)):
        return 0
    care = meals.care(row, day, amount) if meals.include_a_meal(row.key) else None
    return amount if care is None else care


def _trace(
    row: Row, label: str, amount: int, labels: _Labels, quotient: QuotientValue | None
) -> dict[str, Any]:
    """What explains the price: it was reckoned by Noethys, on the amounts that follow."""
    taken_off = [
        {"label": deduction.text("label"), "cents": deduction.cents("montant")}
        for deduction in labels.deductions.get(row.key, [])
    ]
    initial = row.cents("montant_initial")
    sentence = f"Repris de Noethys : « {label} », {format_euros(amount)}"
    reduced = initial is not None and initial != amount
    if initial is not None and reduced:
        reasons = ", ".join(str(one["label"]) for one in taken_off if one["label"]) or "déduction"
        sentence += f", soit {format_euros(initial)} moins {format_euros(initial - amount)} ({reasons})"
    return {
        "source": "noethys",
        "method": "reduced" if reduced else TariffMethod.SINGLE.value,
        "label": label,
        "quotient": {"value": quotient.value, "since": quotient.valid_from.isoformat()} if quotient else None,
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
