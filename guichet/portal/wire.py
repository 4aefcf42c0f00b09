"""The nightly exchange, version 1: header, one request a line, trailer; and the answers that go back.

Described for portals in docs/exchange.md; published as resources/exchange-1.schema.json. Wire objects are
frozen, strict and know nothing of the database: families and activities are still numbers and codes here.
"""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from guichet.portal.payloads import (
    AbsencePayload,
    AttestationPayload,
    BookingsPayload,
    ChildSheetPayload,
    ComplementPayload,
    DocumentPayload,
    EinvoiceConsentPayload,
    EnrolmentPayload,
    FamilySheetPayload,
    MessagePayload,
    NewFamilyPayload,
    WithdrawalPayload,
)
from guichet.portal.scalars import (
    ClockTime,
    Code,
    Day,
    Identifier,
    Instant,
    Line,
    PositiveCents,
    Prose,
    Sha256,
    WireModel,
)

FORMAT = "guichet-exchange"
ANSWERS_FORMAT = "guichet-answers"
VERSION = 1
MAX_ATTACHMENT_BYTES = 16 * 1024 * 1024


class Header(WireModel):
    """First line of a file: who exports, which batch, when."""

    format: Literal["guichet-exchange"]
    version: Literal[1]
    portal: Code
    batch: Identifier
    exported_at: Instant


class Trailer(WireModel):
    """Last line: how many lines stand between it and the header, SHA-256 of every byte before it."""

    count: Annotated[int, Field(ge=0)]
    sha256: Sha256


class Attachment(WireModel):
    """A file sent with a request: its bytes in base64 (`content`), or to fetch from the portal (`url`)."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["content"]}, {"required": ["url"]}]})

    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    media_type: Annotated[
        str,
        StringConstraints(
            max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9.+_-]*/[A-Za-z0-9][A-Za-z0-9.+_-]*$"
        ),
    ]
    size: Annotated[int, Field(ge=0, le=MAX_ATTACHMENT_BYTES)]
    sha256: Sha256
    document_type: Code | None = None
    content: str | None = None
    url: Annotated[str, StringConstraints(max_length=2_000, pattern=r"^https?://[^\s\x00-\x1f]+$")] | None = (
        None
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.content is None) == (self.url is None):
            raise PydanticCustomError("one_source", "une pièce jointe porte soit « content », soit « url »")
        return self


class Payment(WireModel):
    """What the family paid on the portal for this request: the reference on its ticket and the amount."""

    reference: Identifier
    amount_cents: PositiveCents
    paid_at: Instant | None = None
    mode: Literal["card", "transfer", "direct_debit", "other"] = "card"


Extensions = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=60)], str | int | bool | None],
    Field(max_length=50),
]


class _Request(WireModel):
    """Members common to all kinds."""

    id: Identifier
    revision: Annotated[int, Field(ge=1, le=2_147_483_647)]
    submitted_at: Instant
    attachments: Annotated[list[Attachment], Field(max_length=20, default_factory=list)]
    extensions: Annotated[Extensions, Field(default_factory=dict)]


class _FamilyRequest(_Request):
    family: Identifier


class _ChildRequest(_FamilyRequest):
    child: Identifier


class BookingsRequest(_ChildRequest):
    """Slots to book."""

    kind: Literal["bookings"]
    payload: BookingsPayload
    payment: Payment | None = None
    confirmed: bool = False


class CancellationsRequest(_ChildRequest):
    """Booked slots to cancel; the payment is the one that had paid for them."""

    kind: Literal["cancellations"]
    payload: BookingsPayload
    payment: Payment | None = None
    confirmed: bool = False


class AbsenceRequest(_ChildRequest):
    """An absence declared, also of today."""

    kind: Literal["absence"]
    payload: AbsencePayload

    @model_validator(mode="after")
    def _certificate_is_attached(self) -> Self:
        wanted = self.payload.certificate
        if wanted is not None and wanted not in {attachment.name for attachment in self.attachments}:
            raise PydanticCustomError(
                "certificate_missing", "le certificat annoncé n’est pas parmi les pièces jointes"
            )
        return self


class EnrolmentRequest(_ChildRequest):
    """An enrolment in an activity."""

    kind: Literal["enrolment"]
    payload: EnrolmentPayload
    payment: Payment | None = None
    confirmed: bool = False


class WithdrawalRequest(_FamilyRequest):
    """The family takes a request back; `refers_to` is that request's `id`."""

    kind: Literal["withdrawal"]
    child: Identifier | None = None
    refers_to: Identifier
    payload: WithdrawalPayload = WithdrawalPayload()


class ComplementRequest(_FamilyRequest):
    """What the town had asked for; `refers_to` is the `id` of the request it completes."""

    kind: Literal["complement"]
    child: Identifier | None = None
    refers_to: Identifier
    payload: ComplementPayload

    @model_validator(mode="after")
    def _brings_something(self) -> Self:
        if not self.attachments and not self.payload.text:
            raise PydanticCustomError("empty_complement", "le complément n’apporte ni texte ni pièce")
        return self


class NewFamilyRequest(_Request):
    """A family that the town does not know yet: no `family`, no `child`."""

    kind: Literal["new_family"]
    payload: NewFamilyPayload


class FamilySheetRequest(_FamilyRequest):
    """Changes to the family sheet."""

    kind: Literal["family_sheet"]
    payload: FamilySheetPayload


class ChildSheetRequest(_FamilyRequest):
    """Changes to a child's sheet, or a new child of this family (then without `child`)."""

    kind: Literal["child_sheet"]
    child: Identifier | None = None
    payload: ChildSheetPayload

    @model_validator(mode="after")
    def _names_its_child(self) -> Self:
        if (self.child is None) != (self.payload.new_child is not None):
            raise PydanticCustomError(
                "child_expected", "« child » est obligatoire, sauf pour un nouvel enfant"
            )
        return self


class DocumentRequest(_FamilyRequest):
    """A document for the family's or the child's dossier."""

    kind: Literal["document"]
    child: Identifier | None = None
    payload: DocumentPayload
    attachments: Annotated[list[Attachment], Field(min_length=1, max_length=20)]


class AttestationRequest(_FamilyRequest):
    """A fiscal attestation wanted."""

    kind: Literal["attestation"]
    child: Identifier | None = None
    payload: AttestationPayload


class MessageRequest(_FamilyRequest):
    """A message to the service."""

    kind: Literal["message"]
    child: Identifier | None = None
    refers_to: Identifier | None = None
    payload: MessagePayload


class EinvoiceConsentRequest(_FamilyRequest):
    """Consent to electronic invoices."""

    kind: Literal["einvoice_consent"]
    payload: EinvoiceConsentPayload


_AnyRequest = (
    BookingsRequest
    | CancellationsRequest
    | AbsenceRequest
    | EnrolmentRequest
    | WithdrawalRequest
    | ComplementRequest
    | NewFamilyRequest
    | FamilySheetRequest
    | ChildSheetRequest
    | DocumentRequest
    | AttestationRequest
    | MessageRequest
    | EinvoiceConsentRequest
)
Request = Annotated[_AnyRequest, Field(discriminator="kind")]
RequestAdapter: TypeAdapter[Request] = TypeAdapter(Request)
KINDS = (
    "bookings",
    "cancellations",
    "absence",
    "enrolment",
    "withdrawal",
    "complement",
    "new_family",
    "family_sheet",
    "child_sheet",
    "document",
    "attestation",
    "message",
    "einvoice_consent",
)


class AnswerItem(WireModel):
    """What became of one date and slot, one field of a sheet or one document of the request."""

    outcome: Literal["accepted", "refused", "waiting", "pending"]
    activity: Code | None = None
    slot: Code | None = None
    date: Day | None = None
    start: ClockTime | None = None
    field: Line | None = None
    document_type: Code | None = None
    rank: Annotated[int, Field(ge=1)] | None = None
    reason_code: Code | None = None
    text: Prose | None = None


class Answer(WireModel):
    """What the town answers at a transition that the family may see; `key` makes a repeat harmless."""

    key: Identifier
    request: Identifier
    revision: Annotated[int, Field(ge=1)]
    status: Literal[
        "pending",
        "in_progress",
        "needs_info",
        "waiting_list",
        "accepted",
        "partly_accepted",
        "refused",
        "cancelled",
        "already_in_progress",
    ]
    at: Instant
    reason_code: Code | None = None
    text: Prose | None = None
    items: Annotated[list[AnswerItem], Field(default_factory=list)]
