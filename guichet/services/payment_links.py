"""The payment coupon's QR code: the address of PayFiP's payment page, filled in (domain.md §7)."""

import re
from datetime import date
from urllib.parse import urlencode

from guichet.rules.errors import UserError

_REFERENCE = re.compile(r"[a-zA-Z0-9]{6,30}")
_OBJECT_LENGTH = 100


def payfip_reference(series: str, number: int) -> str:
    """`refdet` of a document: its series and number without punctuation, 6 to 30 letters and digits.

    Raises UserError when the series leaves no valid reference.
    """
    reference = re.sub(r"[^a-zA-Z0-9]", "", series) + f"{number:06d}"
    if not _REFERENCE.fullmatch(reference):
        raise UserError(
            f"La série « {series} » ne donne pas de référence PayFiP : raccourcissez-la.", field="series"
        )
    return reference


def payfip_address(page: str, numcli: str, series: str, number: int, dated: date, cents: int) -> str:
    """Address of the payment page for one document; empty when the régie has no PayFiP client number.

    `montant` is in cents; `saisie=A` asks for a real payment; the payer types their own e-mail.
    """
    if not numcli:
        return ""
    fields = {
        "numcli": numcli,
        "exer": str(dated.year),
        "refdet": payfip_reference(series, number),
        "objet": f"Facture {series} {number}"[:_OBJECT_LENGTH],
        "montant": str(cents),
        "saisie": "A",
    }
    return f"{page}?{urlencode(fields)}"
