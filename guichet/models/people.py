"""People: each real person once, and the families (dossiers, not households) they belong to."""

from datetime import date
from enum import StrEnum

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from guichet.models.base import Base, Cents, Code, Instant, Label, Versioned, stored


class Sex(StrEnum):
    """As civil status has it, when known."""

    FEMALE = "female"
    MALE = "male"


class Person(Versioned, Base):
    """A real person, adult or child, with their own address."""

    __tablename__ = "person"

    number: Mapped[Code | None] = mapped_column(unique=True)
    civility: Mapped[str | None] = mapped_column(String(20))
    last_name: Mapped[Label]
    birth_name: Mapped[Label | None]
    first_name: Mapped[Label]
    birth_date: Mapped[date | None]
    birth_place: Mapped[Label | None]
    sex: Mapped[Sex | None] = mapped_column(stored(Sex))
    marital_status: Mapped[Code | None]
    address: Mapped[str | None] = mapped_column(Text)
    postcode: Mapped[str | None] = mapped_column(String(20))
    town: Mapped[Label | None]
    home_phone: Mapped[Code | None]
    mobile_phone: Mapped[Code | None]
    work_phone: Mapped[Code | None]
    email: Mapped[Label | None]
    profession: Mapped[Label | None]
    csp: Mapped[Label | None]
    employer: Mapped[Label | None]
    employer_address: Mapped[str | None] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[str] = mapped_column(String(500), index=True)


class SendingMode(StrEnum):
    """How a family receives its invoices."""

    PAPER = "paper"
    EMAIL = "email"


class Family(Versioned, Base):
    """A dossier at the counter: separated parents are two families, or one with two addresses.

    `number` is what portals and people know it by. `dependants` is declared, not counted. `search_key` gathers
    the members' names, phones and e-mails so that one indexed scan answers a search.
    """

    __tablename__ = "family"

    number: Mapped[Code] = mapped_column(unique=True)
    label: Mapped[Label]
    address: Mapped[str | None] = mapped_column(Text)
    postcode: Mapped[str | None] = mapped_column(String(20))
    town: Mapped[Label | None]
    resident: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))
    regime: Mapped[Label | None]
    allocataire: Mapped[Label | None]
    caf_number: Mapped[Code | None]
    dependants: Mapped[int | None] = mapped_column(Integer)
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    sending_mode: Mapped[SendingMode] = mapped_column(
        stored(SendingMode), default=SendingMode.PAPER, server_default="paper"
    )
    invoice_email: Mapped[Label | None]
    portal_login: Mapped[Label | None] = mapped_column(index=True)
    iban: Mapped[str | None] = mapped_column(String(34))
    bic: Mapped[str | None] = mapped_column(String(11))
    bank_holder: Mapped[Label | None]
    bank_name: Mapped[Label | None]
    direct_debit_asked: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    archived: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    search_key: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[str] = mapped_column(String(500), index=True)


class MemberRole(StrEnum):
    """What someone is in a family."""

    ADULT = "adult"
    CHILD = "child"
    CONTACT = "contact"


class Membership(Base):
    """A person in a family. A child may be in two families, with one row in each."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("family_id", "person_id"),
        CheckConstraint("since IS NULL OR until IS NULL OR since <= until", name="dates_in_order"),
    )

    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[MemberRole] = mapped_column(stored(MemberRole))
    quality: Mapped[Label | None]
    holder: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    position: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    since: Mapped[date | None]
    until: Mapped[date | None]


class AuthorisedPerson(Base):
    """Someone whom a family allows to fetch a child."""

    __tablename__ = "authorised_person"
    __table_args__ = (
        ForeignKeyConstraint(["family_id", "child_id"], ["membership.family_id", "membership.person_id"]),
    )

    family_id: Mapped[int]
    child_id: Mapped[int] = mapped_column(index=True)
    name: Mapped[Label]
    relation: Mapped[Label | None]
    phone: Mapped[Code | None]
    since: Mapped[date | None]
    until: Mapped[date | None]


class CustodyRule(Base):
    """Which days a child is with which family, as a pattern (`even_weeks`, `odd_weeks`, `half_holidays` …)."""

    __tablename__ = "custody_rule"
    __table_args__ = (
        ForeignKeyConstraint(["family_id", "child_id"], ["membership.family_id", "membership.person_id"]),
    )

    family_id: Mapped[int]
    child_id: Mapped[int] = mapped_column(index=True)
    pattern: Mapped[Code]
    detail: Mapped[str | None] = mapped_column(Text)
    since: Mapped[date | None]
    until: Mapped[date | None]


class School(Base):
    """A school of the town or around."""

    __tablename__ = "school"

    name: Mapped[Label] = mapped_column(unique=True)
    in_town: Mapped[bool] = mapped_column(Boolean, default=True, server_default=text("TRUE"))


class Schooling(Base):
    """The school and class of a child over some dates (a school year, most often)."""

    __tablename__ = "schooling"
    __table_args__ = (CheckConstraint("starts_on <= ends_on", name="dates_in_order"),)

    child_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"), index=True)
    class_name: Mapped[Label | None]
    level: Mapped[Code | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class HealthSheet(Versioned, Base):
    """What must be known of a child's health; its own table, so that its reading has its own grant."""

    __tablename__ = "health_sheet"

    child_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    allergies: Mapped[str | None] = mapped_column(Text)
    diet: Mapped[Label | None]
    pai: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    glasses: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    hearing_aid: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("FALSE"))
    treatment: Mapped[str | None] = mapped_column(Text)
    doctor: Mapped[Label | None]
    doctor_phone: Mapped[Code | None]
    vaccinations: Mapped[str | None] = mapped_column(Text)
    vaccinations_until: Mapped[date | None]
    action_needed: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)


class ConsentKind(StrEnum):
    """What someone agrees to."""

    PHOTO = "photo"
    EINVOICE = "einvoice"
    EMAIL = "email"
    SMS = "sms"


class Consent(Base):
    """One consent given or withdrawn: a history, of which the latest row counts."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("(family_id IS NULL) <> (person_id IS NULL)", name="one_subject"),
        Index(None, "family_id", "kind"),
        Index(None, "person_id", "kind"),
    )

    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[ConsentKind] = mapped_column(stored(ConsentKind))
    given: Mapped[bool]
    given_at: Mapped[Instant]
    given_by: Mapped[Label | None]
    request_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"), index=True)


class QuotientSource(StrEnum):
    """Where a quotient familial comes from."""

    CAF = "caf"
    MSA = "msa"
    TAX_NOTICE = "tax_notice"
    DECLARED = "declared"
    IMPORTED = "imported"


class Quotient(Base):
    """A quotient familial and its dates. `value` empty means *no QF* (maximum tariff), which is not a QF of 0.

    `income_cents` is the yearly income, `benefits_cents` the monthly family benefits, `parts` the CNAF parts.
    """

    __tablename__ = "quotient"
    __table_args__ = (
        CheckConstraint("valid_from <= valid_until", name="dates_in_order"),
        CheckConstraint("value IS NULL OR value >= 0", name="value_not_negative"),
        Index(None, "family_id", "valid_from"),
    )

    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"))
    source: Mapped[QuotientSource] = mapped_column(stored(QuotientSource))
    value: Mapped[int | None] = mapped_column(Integer)
    income_cents: Mapped[Cents | None]
    benefits_cents: Mapped[Cents | None]
    parts: Mapped[str | None] = mapped_column(String(10))
    valid_from: Mapped[date]
    valid_until: Mapped[date] = mapped_column(default=date(9999, 12, 31))
    detail: Mapped[dict[str, str] | None] = mapped_column(JSON)
