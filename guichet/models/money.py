"""Money, in integer cents: tariffs, charges, invoices, payments and what they pay, attestations."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from guichet.models.base import Base, Cents, Code, Label, Versioned, stored
from guichet.rules.tariffs import EligibleMode, TariffMethod

Day = date
"""A civil date, in classes where a column is itself named `date`."""


class DocumentOrigin(StrEnum):
    """Whether a document was numbered here or came from another program with its number."""

    GUICHET = "guichet"
    IMPORTED = "imported"


class PaymentMode(StrEnum):
    """Means of payment (domain.md §7)."""

    CASH = "cash"
    CHEQUE = "cheque"
    CARD = "card"
    ONLINE = "online"
    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct_debit"
    CESU = "cesu"
    ANCV = "ancv"
    OTHER = "other"


class Regie(Versioned, Base):
    """A régie de recettes: its documents' series (`AL`), the means of payment of its founding act, its terms.

    `collects` false: every invoice goes to the Trésor at once. `due_days` after the issue date.
    """

    __tablename__ = "regie"
    __table_args__ = (CheckConstraint("due_days >= 0", name="due_days_not_negative"),)

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Label]
    series: Mapped[Code] = mapped_column(unique=True)
    collects: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))
    modes: Mapped[list[str]] = mapped_column(JSON)
    due_days: Mapped[int] = mapped_column(Integer, default=30, server_default=text("30"))
    payment_terms: Mapped[str] = mapped_column(Text, default="", server_default="")


class Tariff(Versioned, Base):
    """A dated price of an activity, for all its slots and groups or for those named.

    Cents for amounts; `rate` is a decimal written as text (0.0125 = 1.25 % of the QF, in euros);
    `eligible_value` is cents or hundredths of a percent, by `eligible_mode`.
    """

    __tablename__ = "tariff"
    __table_args__ = (
        CheckConstraint("valid_from <= valid_until", name="dates_in_order"),
        CheckConstraint("method <> 'single' OR amount_cents IS NOT NULL", name="single_has_amount"),
        CheckConstraint(
            "method <> 'effort_rate' OR (rate IS NOT NULL AND minimum_cents IS NOT NULL AND maximum_cents IS NOT NULL "
            "AND minimum_cents <= maximum_cents)",
            name="effort_rate_complete",
        ),
        CheckConstraint(
            "eligible_mode NOT IN ('amount', 'percentage') OR eligible_value >= 0", name="eligible_has_value"
        ),
        Index(None, "activity_id", "valid_from"),
    )

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Label]
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    slot_id: Mapped[int | None] = mapped_column(ForeignKey("slot.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("age_group.id"), index=True)
    category: Mapped[Label | None]
    resident: Mapped[bool | None]
    method: Mapped[TariffMethod] = mapped_column(stored(TariffMethod))
    amount_cents: Mapped[Cents | None]
    rate: Mapped[str | None] = mapped_column(String(30))
    minimum_cents: Mapped[Cents | None]
    maximum_cents: Mapped[Cents | None]
    eligible_mode: Mapped[EligibleMode] = mapped_column(
        stored(EligibleMode), default=EligibleMode.ALL, server_default="all"
    )
    eligible_value: Mapped[int | None] = mapped_column(Integer)
    valid_from: Mapped[date]
    valid_until: Mapped[date] = mapped_column(default=date(9999, 12, 31))

    @property
    def decimal_rate(self) -> Decimal | None:
        """The taux d'effort as a decimal."""
        return Decimal(self.rate) if self.rate is not None else None


class Bracket(Base):
    """A QF bracket of a tariff: from `qf_from` included to `qf_below` excluded (empty: no end)."""

    __tablename__ = "bracket"
    __table_args__ = (
        UniqueConstraint("tariff_id", "qf_from"),
        CheckConstraint("qf_below IS NULL OR qf_from < qf_below", name="bounds_in_order"),
    )

    tariff_id: Mapped[int] = mapped_column(ForeignKey("tariff.id"))
    qf_from: Mapped[int] = mapped_column(Integer)
    qf_below: Mapped[int | None] = mapped_column(Integer)
    amount_cents: Mapped[Cents]


class Charge(Versioned, Base):
    """Something owed by a family: recomputed freely until it is invoiced or paid.

    `amount_cents` = `unit_cents` × `quantity`, but for what comes from another program. `trace` explains the price.
    """

    __tablename__ = "charge"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint(
            "origin = 'imported' OR amount_cents = unit_cents * quantity", name="amount_is_unit_by_quantity"
        ),
        Index(None, "family_id", "date"),
        Index(None, "activity_id", "date"),
        Index(None, "date"),
    )

    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    child_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    regie_id: Mapped[int | None] = mapped_column(ForeignKey("regie.id"), index=True)
    tariff_id: Mapped[int | None] = mapped_column(ForeignKey("tariff.id"), index=True)
    date: Mapped[date]
    label: Mapped[Label]
    quantity: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"))
    unit_cents: Mapped[Cents]
    amount_cents: Mapped[Cents]
    eligible_cents: Mapped[Cents]
    trace: Mapped[dict[str, Any]] = mapped_column(JSON)
    origin: Mapped[DocumentOrigin] = mapped_column(
        stored(DocumentOrigin), default=DocumentOrigin.GUICHET, server_default="guichet"
    )
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"), index=True)


class ChargeBooking(Base):
    """A booking that a charge bills; each booking is billed by one charge at most."""

    __tablename__ = "charge_booking"

    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), index=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), unique=True)


class InvoiceKind(StrEnum):
    """An invoice, or the credit note that corrects one."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Invoice(Base):
    """An issued document; it never changes. `number` is its place in the series, `label` what is printed (`AL-36`).

    `line_count` closes the document: the database refuses one line more. `printed` holds every other thing on
    the paper (issuer, debtor, terms, QF …). A credit note's total is what it takes off, as a positive amount.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("regie_id", "kind", "label"),
        UniqueConstraint("series", "kind", "number", "origin"),
        CheckConstraint("period_start <= period_end", name="period_in_order"),
        CheckConstraint("line_count >= 0", name="line_count_not_negative"),
        CheckConstraint("(kind = 'credit_note') = (refers_to_id IS NOT NULL)", name="credit_note_refers"),
        Index(None, "family_id", "issued_on"),
        Index(None, "issued_on"),
    )

    kind: Mapped[InvoiceKind] = mapped_column(stored(InvoiceKind))
    regie_id: Mapped[int] = mapped_column(ForeignKey("regie.id"))
    series: Mapped[Code]
    number: Mapped[int] = mapped_column(Integer)
    label: Mapped[Code]
    origin: Mapped[DocumentOrigin] = mapped_column(
        stored(DocumentOrigin, name="invoice_origin"),
        default=DocumentOrigin.GUICHET,
        server_default="guichet",
    )
    refers_to_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"), index=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    debtor: Mapped[str] = mapped_column(Text)
    period_start: Mapped[date]
    period_end: Mapped[date]
    issued_on: Mapped[date]
    due_on: Mapped[date]
    total_cents: Mapped[Cents]
    line_count: Mapped[int] = mapped_column(Integer)
    printed: Mapped[dict[str, Any]] = mapped_column(JSON)


class InvoiceLine(Base):
    """The copy of a charge on an issued document: all that is printed of it, the QF used and its first day with it."""

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        UniqueConstraint("invoice_id", "charge_id"),
        Index(None, "charge_id"),
    )

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"))
    position: Mapped[int] = mapped_column(Integer)
    child_name: Mapped[Label | None]
    activity_name: Mapped[Label | None]
    date: Mapped[date]
    label: Mapped[Label]
    quantity: Mapped[int] = mapped_column(Integer)
    unit_cents: Mapped[Cents]
    amount_cents: Mapped[Cents]
    eligible_cents: Mapped[Cents]
    quotient_used: Mapped[int | None] = mapped_column(Integer)
    quotient_since: Mapped[Day | None]
    explanation: Mapped[str] = mapped_column(Text, default="", server_default="")


class Payment(Base):
    """Money received by a régie; it never changes. A cancellation is a contra-entry: negative, naming what it cancels."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("regie_id", "label"),
        UniqueConstraint("series", "number", "origin"),
        CheckConstraint("amount_cents <> 0", name="amount_not_zero"),
        CheckConstraint(
            "origin = 'imported' OR amount_cents > 0 OR cancels_id IS NOT NULL",
            name="negative_only_to_cancel",
        ),
        Index(None, "family_id", "received_on"),
        Index(None, "received_on"),
    )

    regie_id: Mapped[int] = mapped_column(ForeignKey("regie.id"))
    series: Mapped[Code]
    number: Mapped[int] = mapped_column(Integer)
    label: Mapped[Code]
    origin: Mapped[DocumentOrigin] = mapped_column(
        stored(DocumentOrigin, name="payment_origin"),
        default=DocumentOrigin.GUICHET,
        server_default="guichet",
    )
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    payer_name: Mapped[Label]
    mode: Mapped[PaymentMode] = mapped_column(stored(PaymentMode))
    mode_label: Mapped[Label]
    received_on: Mapped[date]
    amount_cents: Mapped[Cents]
    reference: Mapped[Label | None]
    note: Mapped[str | None] = mapped_column(Text)
    cancels_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True)


class Allocation(Base):
    """Cents of a payment that pay a charge. Undone or moved by a counter-row, which keeps the payment's date."""

    __tablename__ = "allocation"
    __table_args__ = (CheckConstraint("amount_cents <> 0", name="amount_not_zero"),)

    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), index=True)
    amount_cents: Mapped[Cents]
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("allocation.id"), unique=True)


class TreasuryTitle(Base):
    """An invoice passed to the Trésor: « Titre émis (ORMC n°X) », a credit line on the account (002)."""

    __tablename__ = "treasury_title"
    __table_args__ = (CheckConstraint("amount_cents > 0", name="amount_positive"),)

    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), unique=True)
    ormc_number: Mapped[Code]
    issued_on: Mapped[date]
    amount_cents: Mapped[Cents]


class Deposit(Versioned, Base):
    """Payments of one mode handed to the bank or the Trésor together (bordereau)."""

    __tablename__ = "deposit"

    regie_id: Mapped[int] = mapped_column(ForeignKey("regie.id"), index=True)
    name: Mapped[Label]
    deposited_on: Mapped[date]
    origin: Mapped[DocumentOrigin] = mapped_column(
        stored(DocumentOrigin, name="deposit_origin"),
        default=DocumentOrigin.GUICHET,
        server_default="guichet",
    )


class DepositPayment(Base):
    """A payment in a deposit."""

    __tablename__ = "deposit_payment"

    deposit_id: Mapped[int] = mapped_column(ForeignKey("deposit.id"), index=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), unique=True)


class Attestation(Base):
    """A fiscal attestation as issued: its printed content and PDF hash. A correction is a new version naming the old."""

    __tablename__ = "attestation"
    __table_args__ = (
        UniqueConstraint("family_id", "child_id", "payer_id", "year", "version"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("(version = 1) = (replaces_id IS NULL)", name="later_versions_replace"),
        Index(None, "year"),
    )

    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    child_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    year: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer, unique=True)
    payer_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    payer_name: Mapped[Label]
    issued_on: Mapped[date]
    amount_cents: Mapped[Cents]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    sha256: Mapped[str] = mapped_column(String(64))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("attestation.id"), unique=True)
