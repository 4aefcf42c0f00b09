"""What bears a number: invoices, payments, attestations, and requests by the portal's own reference."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

from guichet.models.money import Attestation, Invoice, InvoiceKind, Payment, Regie
from guichet.models.people import Family
from guichet.models.requests import Request
from guichet.models.settings import Counter
from guichet.rules.money import format_euros
from guichet.rules.permissions import Permission
from guichet.rules.text import fold, format_date, paris_day
from guichet.services.attestation_register import SERIES as ATTESTATION_SERIES
from guichet.services.numbering import document_label
from guichet.services.request_labels import KIND_LABELS
from guichet.services.search_hits import Hit, Kind, beside
from guichet.services.transaction import Context

# « 36 » also offers 360 to 369 and 3600 to 3699: what may still be typed.
DIGITS_TO_COME = 2
LARGEST = 2**31 - 1
_NUMBER = re.compile(r"(?P<stem>.*?)(?P<digits>\d{1,9})")
_SAID = {
    Kind.INVOICE: ("facture", "avoir"),
    Kind.PAYMENT: ("paiement", "reglement"),
    Kind.ATTESTATION: ("attestation",),
    Kind.REQUEST: ("demande",),
}


@dataclass(frozen=True)
class _Typed:
    """A number being typed: « AL-36 » is the stem `al` and 36; « facture 36 » has no stem but says of what."""

    text: str
    stem: str
    digits: str
    said: Kind | None

    def may_be(self, kind: Kind) -> bool:
        return self.said in (None, kind)

    def ranges(self) -> list[tuple[int, int]]:
        """The number itself, then those that begin so; one typed with leading zeros is complete."""
        number = int(self.digits)
        more = 0 if self.digits.startswith("0") else DIGITS_TO_COME
        spans = [(number * 10**each, (number + 1) * 10**each - 1) for each in range(more + 1)]
        return [(first, min(last, LARGEST)) for first, last in spans if first <= LARGEST]


def numbered(session: Session, context: Context, text: str, wanted: int) -> list[Hit]:
    """What bears the number that is typed, as far as the person may read it, at most `wanted` of each kind."""
    typed = _read(text)
    found: list[Hit] = []
    if context.may(Permission.READ_REQUESTS) and (typed is None or typed.may_be(Kind.REQUEST)):
        found += _requests(session, text.strip(), typed, wanted)
    if typed is not None and context.may(Permission.READ_BILLING):
        series = _series(session)
        if typed.may_be(Kind.INVOICE):
            found += _invoices(session, typed, series, wanted)
        if typed.may_be(Kind.PAYMENT):
            found += _payments(session, typed, series, wanted)
        if typed.may_be(Kind.ATTESTATION):
            found += _attestations(session, typed, wanted)
    return found


def _read(text: str) -> _Typed | None:
    matched = _NUMBER.fullmatch(text.strip())
    if matched is None or (matched["stem"] and text.strip().startswith(("0", "+"))):
        return None  # a telephone, begun
    words = fold(matched["stem"]).removesuffix(" n").split()
    said = next((kind for kind, names in _SAID.items() if words and words[0] in names), None)
    words = words[1:] if said else words
    stem = "".join(word for word in words if word != "n")
    bare = text.strip() if said is None else text.strip().split(maxsplit=1)[-1]
    return _Typed(bare, stem, matched["digits"], said)


def _series(session: Session) -> set[str]:
    """Every series that a document may bear: today's of the régies, and those they once had."""
    return set(session.execute(select(Regie.series).union(select(Counter.series))).scalars())


def _within(
    typed: _Typed, number: InstrumentedAttribute[int], *others: ColumnElement[bool]
) -> ColumnElement[bool]:
    """The number is in one of the spans; each term repeats the index's first columns, so that each one is a seek."""
    return or_(*(and_(*others, number.between(first, last)) for first, last in typed.ranges()))


def _labelled(typed: _Typed, label: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The label, signs and spaces left out, begins with what is typed. Bare digits answer to any series."""
    compact = func.lower(label)
    for sign in ("-", " ", "/", "."):
        compact = func.replace(compact, sign, "")
    wanted = f"{typed.stem}{typed.digits}" if typed.stem else ""
    return compact.startswith(wanted, autoescape=True)


def _invoices(session: Session, typed: _Typed, series: set[str], wanted: int) -> list[Hit]:
    statement = _with_family(Invoice, Invoice.family_id)
    near = _within(typed, Invoice.number, Invoice.series.in_(series), Invoice.kind.in_(list(InvoiceKind)))
    rows = _first(session, statement.where(near, _labelled(typed, Invoice.label)), Invoice.number, wanted)
    return [_invoice_hit(typed, row) for row in rows]


def _with_family(
    model: type[Any], family_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
) -> Select[*tuple[Any, ...]]:
    return select(model, Family.label.label("family"), Family.number.label("family_number")).outerjoin(
        Family, Family.id == family_id
    )


def _first(
    session: Session, statement: Select[*tuple[Any, ...]], number: InstrumentedAttribute[int], wanted: int
) -> list[Row[*tuple[Any, ...]]]:
    return list(session.execute(statement.order_by(number, number.class_.id).limit(wanted)))


def _invoice_hit(typed: _Typed, row: Row[*tuple[Any, ...]]) -> Hit:
    invoice: Invoice = row[0]
    name = "Avoir" if invoice.kind is InvoiceKind.CREDIT_NOTE else "Facture"
    detail = beside(_family(row), format_date(invoice.issued_on), format_euros(invoice.total_cents))
    exact = invoice.number == int(typed.digits)
    return Hit(Kind.INVOICE, invoice.id, f"{name} {invoice.label}", detail, invoice.family_id, exact)


def _payments(session: Session, typed: _Typed, series: set[str], wanted: int) -> list[Hit]:
    statement = _with_family(Payment, Payment.family_id)
    near = _within(typed, Payment.number, Payment.series.in_(series))
    rows = _first(session, statement.where(near, _labelled(typed, Payment.label)), Payment.number, wanted)
    return [_payment_hit(typed, row) for row in rows]


def _payment_hit(typed: _Typed, row: Row[*tuple[Any, ...]]) -> Hit:
    payment: Payment = row[0]
    detail = beside(_family(row), format_date(payment.received_on), format_euros(payment.amount_cents))
    exact = payment.number == int(typed.digits)
    return Hit(Kind.PAYMENT, payment.id, f"Règlement {payment.label}", detail, payment.family_id, exact)


def _attestations(session: Session, typed: _Typed, wanted: int) -> list[Hit]:
    if typed.stem not in ("", fold(ATTESTATION_SERIES)):
        return []
    statement = select(Attestation, Family.label.label("family"), Family.number.label("family_number")).join(
        Family, Family.id == Attestation.family_id
    )
    rows = _first(session, statement.where(_within(typed, Attestation.number)), Attestation.number, wanted)
    return [_attestation_hit(typed, row) for row in rows]


def _attestation_hit(typed: _Typed, row: Row[*tuple[Any, ...]]) -> Hit:
    attestation: Attestation = row[0]
    label = document_label(ATTESTATION_SERIES, attestation.number)
    detail = beside(_family(row), str(attestation.year), format_euros(attestation.amount_cents))
    exact = attestation.number == int(typed.digits)
    return Hit(Kind.ATTESTATION, attestation.id, f"Attestation {label}", detail, attestation.family_id, exact)


def _requests(session: Session, text: str, typed: _Typed | None, wanted: int) -> list[Hit]:
    """Requests whose reference is what is typed; when it ends with a digit, those that begin so and, for bare digits,
    one made like the newest."""
    reference = typed.text if typed is not None else text
    forms = {reference, reference.upper(), reference.lower()}
    exact = {*forms, _like_the_newest(session, typed)} if typed is not None else forms
    conditions: list[ColumnElement[bool]] = [Request.external_id.in_(exact)]
    if typed is not None:
        # A span of the index, then the text itself: under a linguistic collation the span holds a little more.
        conditions += [
            and_(
                Request.external_id.between(form, _after(form)),
                Request.external_id.startswith(form, autoescape=True),
            )
            for form in sorted(forms)
        ]
    found: dict[int, Hit] = {}
    for condition in conditions:
        if len(found) < wanted:
            for row in session.execute(_current_requests(condition).limit(wanted)):
                found.setdefault(row[0].id, _request_hit(row, exact))
    return list(found.values())[:wanted]


def _current_requests(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The latest revision of each, in the order of the index on references, so that a limit stops early."""
    # Written so that SQLite does not start from the index of superseded requests: nearly all rows are in it.
    latest = func.coalesce(Request.superseded_by_id, 0) == 0
    statement = _with_family(Request, Request.family_id).options(defer(Request.payload))
    return statement.where(condition, latest).order_by(Request.external_id)


def _like_the_newest(session: Session, typed: _Typed) -> str:
    """« 134 » is « R-2026-000134 » where the last request received is « R-2026-000127 »."""
    newest = session.execute(
        select(Request.external_id).order_by(Request.submitted_at.desc()).limit(1)
    ).scalar_one_or_none()
    shape = re.fullmatch(r"(.*?)(\d+)", newest or "")
    if typed.stem or shape is None:
        return typed.text
    return shape[1] + typed.digits.lstrip("0").rjust(len(shape[2]), "0")


def _after(form: str) -> str:
    """A text that sorts after all those beginning with `form`, which ends with a digit."""
    last = int(form[-1])
    return form[:-1] + (str(last + 1) if last < 9 else "A")


def _request_hit(row: Row[*tuple[Any, ...]], exact: set[str]) -> Hit:
    request: Request = row[0]
    received = f"reçue le {format_date(paris_day(request.submitted_at))}"
    detail = beside(KIND_LABELS[request.kind], _family(row), received)
    title = f"Demande {request.external_id}"
    return Hit(Kind.REQUEST, request.id, title, detail, request.family_id, exact=request.external_id in exact)


def _family(row: Row[*tuple[Any, ...]]) -> str:
    return f"famille {row.family} n°\u00a0{row.family_number}" if row.family is not None else ""
