"""What each kind of request carries in its `payload` (docs/exchange.md holds an example of each).

In a *sheet* only the members that are present change; an explicit null empties the field. Activities, slots,
groups, periods and document types are given by their code. Amounts are integer cents.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from guichet.portal.scalars import Cents, ClockTime, Code, Day, Line, Name, Prose, WireModel

MAX_ITEMS = 2_000


class SlotDay(WireModel):
    """One slot of one activity on one day; `start` only where the slot is taken by the hour."""

    activity: Code
    slot: Code
    date: Day
    start: ClockTime | None = None


SlotDays = Annotated[list[SlotDay], Field(min_length=1, max_length=MAX_ITEMS)]


class BookingsPayload(WireModel):
    """Slots to book, or booked slots to cancel."""

    items: SlotDays
    comment: Prose | None = None


class AbsencePayload(WireModel):
    """Booked slots the child will miss; `certificate` names the attachment proving a medical reason."""

    items: SlotDays
    reason: Literal["medical", "family", "school", "other"]
    comment: Prose | None = None
    certificate: Line | None = None


class TypicalDay(WireModel):
    """One slot wanted each week: ISO weekday (1 Monday … 7 Sunday), all ISO weeks or the even or odd ones."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    slot: Code
    weeks: Literal["all", "even", "odd"] = "all"


class EnrolmentPayload(WireModel):
    """Enrolment of a child in an activity from `start` to `end` included; the typical week is information."""

    activity: Code
    period: Code | None = None
    group: Code | None = None
    start: Day
    end: Day
    typical_week: Annotated[list[TypicalDay], Field(max_length=100, default_factory=list)]
    comment: Prose | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.end < self.start:
            raise PydanticCustomError("dates_reversed", "la fin de l’inscription précède son début")
        return self


class WithdrawalPayload(WireModel):
    """The family takes back the request that `refers_to` names."""

    comment: Prose | None = None


class ComplementPayload(WireModel):
    """What the town asked for about the request that `refers_to` names: a text, attachments, or both."""

    text: Prose | None = None


class AdultFields(WireModel):
    """Fields of an adult on the family sheet (seed 002: responsable, conjoint)."""

    civility: Literal["M", "MME"] | None = None
    last_name: Name | None = None
    birth_name: Name | None = None
    first_name: Name | None = None
    birth_date: Day | None = None
    quality: Line | None = None
    situation: Literal["celibataire", "marie", "pacse", "concubinage", "separe", "divorce", "veuf"] | None = (
        None
    )
    address_line1: Line | None = None
    address_line2: Line | None = None
    postal_code: Annotated[str, StringConstraints(max_length=10)] | None = None
    city: Line | None = None
    phone_home: Line | None = None
    phone_mobile: Line | None = None
    phone_work: Line | None = None
    email: Line | None = None
    profession: Line | None = None
    csp: Line | None = None
    employer: Line | None = None
    employer_address: Line | None = None
    accepts_email: bool | None = None
    accepts_sms: bool | None = None


class FiscalFields(WireModel):
    """Income as declared to the tax office; parts as text, since they may be halves or quarters (« 2.5 »)."""

    tax_year: Annotated[int, Field(ge=1990, le=2100)] | None = None
    income_cents: Cents | None = None
    parts: Annotated[str, StringConstraints(pattern=r"^\d{1,2}(\.\d{1,2})?$")] | None = None
    dependants: Annotated[int, Field(ge=0, le=30)] | None = None


class CafFields(WireModel):
    """Family allowance account: régime, number, monthly benefits and the quotient familial with its date."""

    regime: Literal["general", "msa", "autre"] | None = None
    caf_number: Line | None = None
    holder: Line | None = None
    benefits_cents: Cents | None = None
    quotient: Annotated[int, Field(ge=0, le=100_000)] | None = None
    quotient_date: Day | None = None


class BankFields(WireModel):
    """Bank details; `direct_debit` asks for (true) or gives up (false) direct debit."""

    iban: Annotated[str, StringConstraints(max_length=60)] | None = None
    bic: Annotated[str, StringConstraints(max_length=20)] | None = None
    holder: Line | None = None
    bank_name: Line | None = None
    direct_debit: bool | None = None


class FamilySheetPayload(WireModel):
    """Changes asked on the family sheet, by section; at least one field of one section."""

    responsable: AdultFields | None = None
    conjoint: AdultFields | None = None
    fiscal: FiscalFields | None = None
    caf: CafFields | None = None
    bank: BankFields | None = None
    comment: Prose | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        sections = (self.responsable, self.conjoint, self.fiscal, self.caf, self.bank)
        if not any(section is not None and section.model_fields_set for section in sections):
            raise PydanticCustomError("empty_sheet", "la fiche ne demande aucun changement")
        return self


class ChildIdentity(WireModel):
    """Fields of a child's identity and schooling."""

    last_name: Name | None = None
    first_name: Name | None = None
    birth_date: Day | None = None
    birth_place: Line | None = None
    sex: Literal["F", "M"] | None = None
    school: Line | None = None
    school_class: Line | None = None


class NewChild(ChildIdentity):
    """A child to add to the family: name and birth date are needed."""

    last_name: Name
    first_name: Name
    birth_date: Day


class AuthorisedPerson(WireModel):
    """Somebody who may come for the child, within dates where given."""

    last_name: Name
    first_name: Name
    relation: Line | None = None
    phone: Line | None = None
    from_date: Day | None = None
    until_date: Day | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.from_date is not None and self.until_date is not None and self.until_date < self.from_date:
            raise PydanticCustomError("dates_reversed", "la fin de l’autorisation précède son début")
        return self


class PersonName(WireModel):
    """The name of an authorised person to take off the list."""

    last_name: Name
    first_name: Name


class AuthorisedPersons(WireModel):
    """Persons to add to, or take off, the child's list."""

    add: Annotated[list[AuthorisedPerson], Field(max_length=50, default_factory=list)]
    remove: Annotated[list[PersonName], Field(max_length=50, default_factory=list)]


class HealthFields(WireModel):
    """Health sheet; `diet` holds boxes such as sans_porc, sans_gluten, never a religion (domain.md §12)."""

    glasses: bool | None = None
    hearing_aid: bool | None = None
    allergies: Prose | None = None
    pai: bool | None = None
    diet: Annotated[list[Code], Field(max_length=20)] | None = None
    treatment: Prose | None = None
    doctor_name: Line | None = None
    doctor_phone: Line | None = None
    vaccinations_until: Day | None = None
    notes: Prose | None = None


class PhotoConsent(WireModel):
    """Consent to the child's picture being used, given or withdrawn."""

    given: bool


class ChildSheetPayload(WireModel):
    """Changes asked on a child's sheet, or a new child (then nothing else, and the request names none)."""

    identity: ChildIdentity | None = None
    authorised_persons: AuthorisedPersons | None = None
    health: HealthFields | None = None
    photo_consent: PhotoConsent | None = None
    new_child: NewChild | None = None
    comment: Prose | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        sections = (self.identity, self.authorised_persons, self.health, self.photo_consent, self.new_child)
        asked = [section for section in sections if section is not None and section.model_fields_set]
        if not asked:
            raise PydanticCustomError("empty_sheet", "la fiche ne demande aucun changement")
        if self.new_child is not None and len(asked) > 1:
            raise PydanticCustomError("new_child_alone", "un nouvel enfant se demande seul")
        return self


class NewAdult(AdultFields):
    """An adult of a family unknown to the town."""

    last_name: Name
    first_name: Name


class NewFamilyPayload(WireModel):
    """A family that asks to be known: its adults (the first holds the account) and its children."""

    adults: Annotated[list[NewAdult], Field(min_length=1, max_length=4)]
    children: Annotated[list[NewChild], Field(max_length=20, default_factory=list)]
    caf: CafFields | None = None
    fiscal: FiscalFields | None = None
    comment: Prose | None = None


class DocumentPayload(WireModel):
    """A document of a known type, its bytes in the attachments; of the child where the request names one."""

    document_type: Code
    valid_from: Day | None = None
    valid_until: Day | None = None
    comment: Prose | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if (
            self.valid_from is not None
            and self.valid_until is not None
            and self.valid_until < self.valid_from
        ):
            raise PydanticCustomError("dates_reversed", "la fin de validité précède son début")
        return self


class AttestationPayload(WireModel):
    """A fiscal attestation wanted for a calendar year; of the child the request names, else of all."""

    year: Annotated[int, Field(ge=1990, le=2100)]


class MessagePayload(WireModel):
    """A message to the service."""

    subject: Annotated[str, StringConstraints(min_length=1, max_length=250)]
    body: Annotated[str, StringConstraints(min_length=1, max_length=50_000)]
    service: Line | None = None


class EinvoiceConsentPayload(WireModel):
    """Consent to invoices by e-mail, given or withdrawn; `email` where not the account's own (seed 000)."""

    given: bool
    email: Line | None = None
