"""Means of payment as a person reads them, and those a régie may take."""

from collections.abc import Sequence

from guichet.models.money import PaymentMode

MODE_LABELS: dict[PaymentMode, str] = {
    PaymentMode.CASH: "Espèces",
    PaymentMode.CHEQUE: "Chèque",
    PaymentMode.CARD: "Carte bancaire",
    PaymentMode.ONLINE: "Paiement en ligne",
    PaymentMode.TRANSFER: "Virement",
    PaymentMode.DIRECT_DEBIT: "Prélèvement",
    PaymentMode.CESU: "CESU",
    PaymentMode.ANCV: "Chèques-vacances ANCV",
    PaymentMode.OTHER: "Autre",
}


def mode_labels(modes: Sequence[str]) -> tuple[str, ...]:
    """The French names of a régie's means of payment, in the order its act lists them."""
    return tuple(MODE_LABELS[PaymentMode(mode)] for mode in modes)
