"""The part of a charge that pays for a meal, which the fiscal attestation leaves out (domain.md §8).

Noethys bills a day and its meal together and does not say what the meal is worth. Its tariffs do, where another one
prices the same slots without the meal: the difference of the two, in the same bracket, is the meal.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from guichet.rules.certificates import eligible_part
from guichet.services.noethys.map_bookings import Usage
from guichet.services.noethys.map_offer import Offer
from guichet.services.noethys.reader import NoethysFile, Row

_PRICED = {"montant_unique", "qf"}


@dataclass(frozen=True)
class _Tariff:
    """A tariff by its slots and its lines: (bounds of the bracket, cents)."""

    row: Row
    combinations: frozenset[frozenset[str]]
    lines: tuple[tuple[tuple[str, str], int], ...]

    def covers(self, day: date) -> bool:
        starts, ends = self.row.day("date_debut"), self.row.day("date_fin")
        return (starts is None or starts <= day) and (ends is None or day <= ends)

    def serves(self, category: str | None, like: "_Tariff") -> bool:
        """Whether it is for the same public: the charge's category, else the same list of them."""
        own = self.row.text("categories_tarifs")
        return category in own.split(";") if category else own == like.row.text("categories_tarifs")

    def price(self, bounds: tuple[str, str]) -> int | None:
        """Its price in a bracket; a single price holds in every one."""
        prices = dict(self.lines)
        return self.lines[0][1] if len(self.lines) == 1 else prices.get(bounds)


class Meals:
    """Tells what of a charge pays for care alone."""

    def __init__(self, file: NoethysFile, offer: Offer, usage: Usage) -> None:
        self._offer = offer
        self._usage = usage
        self._tariffs = {tariff.row.key: tariff for tariff in _tariffs(file)}

    def slots(self, charge: str) -> frozenset[str]:
        """The slots that a charge bills."""
        return frozenset(self._usage.charged_slots.get(charge, ())) & self._offer.slots.keys()

    def are_meals_only(self, charge: str) -> bool:
        slots = self.slots(charge)
        return bool(slots) and all(self._offer.slots[slot].meal for slot in slots)

    def include_a_meal(self, charge: str) -> bool:
        """Whether a charge bills care and a meal in one amount."""
        slots = self.slots(charge)
        return not self.are_meals_only(charge) and any(self._offer.slots[slot].with_meal for slot in slots)

    def care(self, row: Row, day: date, amount: int) -> int | None:
        """Cents of a charge of `amount` that pay for care; None where the tariffs do not tell.

        A reduction lowers care and meal alike.
        """
        initial = row.cents("montant_initial")
        initial = amount if initial is None else initial
        own = self._tariffs.get(row.ref("IDtarif") or "")
        slots = self.slots(row.key)
        without_meal = frozenset(slot for slot in slots if not self._offer.slots[slot].meal)
        if own is None or slots == without_meal or initial <= 0:
            return None
        prices = {
            price
            for other in self._tariffs.values()
            if other.row.ref("IDactivite") == own.row.ref("IDactivite")
            and without_meal in other.combinations
            and other.covers(day)
            and other.serves(row.ref("IDcategorie_tarif"), own)
            for bounds, cents in own.lines
            if cents == initial and (price := other.price(bounds)) is not None
        }
        if len(prices) != 1:
            return None
        care = prices.pop()
        return eligible_part(care, amount, initial) if 0 <= care <= initial else None


def _tariffs(file: NoethysFile) -> Iterable[_Tariff]:
    slots: dict[str, set[str]] = defaultdict(set)
    for row in file.rows("combi_tarifs_unites"):
        slots[row.ref("IDcombi_tarif") or ""].add(row.ref("IDunite") or "")
    combinations: dict[str, set[frozenset[str]]] = defaultdict(set)
    for row in file.rows("combi_tarifs"):
        combinations[row.ref("IDtarif") or ""].add(frozenset(slots[row.key]))
    lines: dict[str, list[tuple[tuple[str, str], int]]] = defaultdict(list)
    for row in file.rows("tarifs_lignes"):
        cents = row.cents("montant_unique")
        if cents is not None:
            lines[row.ref("IDtarif") or ""].append(((row.text("qf_min"), row.text("qf_max")), cents))
    for row in file.rows("tarifs"):
        if row.text("type") in {"", "JOURN"} and row.text("methode") in _PRICED and lines[row.key]:
            yield _Tariff(row, frozenset(combinations[row.key]), tuple(lines[row.key]))
