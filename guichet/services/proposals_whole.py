"""Proposals for requests that are one thing: documents, consents, messages, attestations, new families, withdrawals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from guichet.models.dossiers import Document
from guichet.models.people import Family, MemberRole, Membership, Person
from guichet.models.requests import Request, RequestKind
from guichet.rules import proposals as rules
from guichet.rules.certificates import is_eligible
from guichet.rules.proposals import Proposal, Reason, Verdict
from guichet.rules.requests import STATE_LABELS, RefusalCode, RequestState
from guichet.services import lookalikes, settings, sheet_fields
from guichet.services.facts import Asked
from guichet.services.request_items import ItemDraft
from guichet.services.transaction import Context

MAX_DOCUMENT_BYTES = 2 * 1024 * 1024
DOCUMENT_EXTENSIONS = frozenset({"doc", "pdf", "jpg", "jpeg", "png", "odt"})


@dataclass(frozen=True)
class DocumentFact:
    """A piece that came with a request."""

    name: str
    size: int
    type_id: int | None


@dataclass(frozen=True)
class WholeFacts:
    """What these requests speak of."""

    targets: Mapping[int, RequestState] = field(default_factory=dict)
    documents: Mapping[int, DocumentFact] = field(default_factory=dict)
    births: Mapping[int, Sequence[date | None]] = field(default_factory=dict)
    emails: Mapping[int, str | None] = field(default_factory=dict)
    twins: Mapping[int, Sequence[str]] = field(default_factory=dict)
    sixth_birthday_included: bool = True

    def propose(self, asked: Asked, item: ItemDraft) -> Proposal:
        """The verdict on the one item of the request, or on one of its documents."""
        match asked.kind:
            case RequestKind.DOCUMENT:
                return self._document(item)
            case RequestKind.WITHDRAWAL:
                return self._withdrawal(asked)
            case RequestKind.COMPLEMENT:
                return self._complement(asked)
            case RequestKind.ATTESTATION:
                return self._attestation(asked)
            case RequestKind.EINVOICE_CONSENT:
                return self._einvoice(asked)
            case RequestKind.NEW_FAMILY:
                return self._new_family(asked)
            case _:
                return rules.examine(
                    "message", "Message à lire ; l’accepter le classe dans la boîte de la famille."
                )

    def _document(self, item: ItemDraft) -> Proposal:
        document = self.documents.get(item.document_id or 0)
        if document is None:
            return rules.examine("no_document", "Aucune pièce n’est jointe à cette demande.")
        extension = document.name.rsplit(".", 1)[-1].lower() if "." in document.name else ""
        if document.size == 0:
            return rules.refuse(RefusalCode.PIECE_INVALIDE, "empty_document", "La pièce jointe est vide.")
        if document.size > MAX_DOCUMENT_BYTES:
            sentence = "La pièce jointe dépasse 2 Mo : réduisez la résolution de l’image."
            return rules.refuse(RefusalCode.PIECE_INVALIDE, "document_too_big", sentence)
        if extension not in DOCUMENT_EXTENSIONS:
            sentence = "Le format de la pièce n’est pas accepté : .doc, .pdf, .jpg, .jpeg, .png ou .odt."
            return rules.refuse(RefusalCode.PIECE_INVALIDE, "document_format", sentence)
        return rules.examine("document", "Pièce à contrôler : l’accepter la classe comme valide.")

    def _withdrawal(self, asked: Asked) -> Proposal:
        state = self.targets.get(asked.refers_to_id or 0)
        if state is RequestState.PENDING:
            return rules.accept(
                "withdrawable", "La demande n’est pas encore prise en charge : elle est retirée."
            )
        label = STATE_LABELS[state] if state is not None else "inconnue"
        sentence = f"La demande est déjà prise en charge ({label}) : elle ne peut plus être retirée."
        return rules.refuse(RefusalCode.AUTRE, "already_in_progress", sentence)

    def _complement(self, asked: Asked) -> Proposal:
        state = self.targets.get(asked.refers_to_id or 0)
        if state is RequestState.NEEDS_INFO:
            return rules.accept(
                "expected", "Le complément demandé est arrivé : la demande revient en traitement."
            )
        return rules.examine("unexpected", "Aucun complément n’était attendu : à lire par un agent.")

    def _attestation(self, asked: Asked) -> Proposal:
        year = int(asked.payload["year"])
        births = self.births.get(asked.id, ())
        included = self.sixth_birthday_included
        if any(
            birth is not None and is_eligible(birth, year, include_first_january=included) for birth in births
        ):
            return rules.accept("eligible", f"Attestation fiscale {year} : à établir.")
        if None in births:
            return rules.examine("birth_date_unknown", "La date de naissance de l’enfant n’est pas connue.")
        sentence = (
            f"L’attestation fiscale {year} est délivrée pour les enfants de moins de 6 ans au 1er janvier."
        )
        return rules.refuse(RefusalCode.AGE, "too_old", sentence)

    def _einvoice(self, asked: Asked) -> Proposal:
        if not asked.payload["given"]:
            return rules.accept("einvoice_withdrawn", "Les factures seront de nouveau envoyées par courrier.")
        email = asked.payload.get("email") or self.emails.get(asked.family_id or 0)
        if not email:
            return rules.examine(
                "email_missing", "Aucune adresse électronique n’est connue pour cette famille."
            )
        try:
            sheet_fields.check_email(email)
        except ValueError as error:
            return rules.refuse(RefusalCode.PIECE_INVALIDE, "invalid_value", str(error))
        return rules.accept("einvoice", f"Les factures seront envoyées à {email}.")

    def _new_family(self, asked: Asked) -> Proposal:
        alike = [
            Reason(
                "lookalike",
                f"Ressemble à {who} : vérifiez qu’il ne s’agit pas de la même famille.",
                Verdict.EXAMINE,
            )
            for who in self.twins.get(asked.id, ())
        ]
        return rules.examine("new_family", "Nouvelle famille : à contrôler par un agent.", *alike)


def read(
    session: Session, context: Context, asked: Sequence[Asked], drafts: Mapping[int, Sequence[ItemDraft]]
) -> WholeFacts:
    """Read what these requests speak of: a query for each kind present."""
    kinds = {one.kind for one in asked}
    documents = {item.document_id for found in drafts.values() for item in found if item.document_id}
    targets = {one.refers_to_id for one in asked if one.refers_to_id is not None}
    newcomers = {
        one.id: [*one.payload.get("adults", ()), *one.payload.get("children", ())]
        for one in asked
        if one.kind is RequestKind.NEW_FAMILY
    }
    return WholeFacts(
        targets=_states(session, targets) if targets else {},
        documents=_documents(session, documents) if documents else {},
        births=_births(session, asked) if RequestKind.ATTESTATION in kinds else {},
        emails=_emails(session, asked) if RequestKind.EINVOICE_CONSENT in kinds else {},
        twins=lookalikes.find(session, newcomers),
        sixth_birthday_included=bool(settings.get(session, "attestation.sixth_birthday_included"))
        if RequestKind.ATTESTATION in kinds
        else True,
    )


def _states(session: Session, request_ids: set[int]) -> dict[int, RequestState]:
    rows = session.execute(select(Request.id, Request.state).where(Request.id.in_(request_ids)))
    return dict(rows.all())


def _documents(session: Session, document_ids: set[int]) -> dict[int, DocumentFact]:
    rows = session.execute(
        select(Document.id, Document.name, Document.size, Document.type_id).where(
            Document.id.in_(document_ids)
        )
    )
    return {row_id: DocumentFact(name, size, type_id) for row_id, name, size, type_id in rows}


def _births(session: Session, asked: Sequence[Asked]) -> dict[int, list[date | None]]:
    """The birth dates of the child each attestation request names, or of every child of its family."""
    wanted = [one for one in asked if one.kind is RequestKind.ATTESTATION]
    by_family: dict[int, list[tuple[int, date | None]]] = {}
    for family_id, person_id, birth in session.execute(
        select(Membership.family_id, Person.id, Person.birth_date)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.role == MemberRole.CHILD,
            Membership.family_id.in_({one.family_id for one in wanted if one.family_id is not None}),
        )
    ):
        by_family.setdefault(family_id, []).append((person_id, birth))
    return {
        one.id: [
            birth
            for person_id, birth in by_family.get(one.family_id or 0, ())
            if one.child_id in (None, person_id)
        ]
        for one in wanted
    }


def _emails(session: Session, asked: Sequence[Asked]) -> dict[int, str | None]:
    """The address invoices would go to: the family's own for invoices, its login, else its first adult's."""
    families = {one.family_id for one in asked if one.kind is RequestKind.EINVOICE_CONSENT}
    found: dict[int, str | None] = {}
    for family_id, own, login, personal in session.execute(
        select(Family.id, Family.invoice_email, Family.portal_login, Person.email)
        .outerjoin(Membership, (Membership.family_id == Family.id) & (Membership.role == MemberRole.ADULT))
        .outerjoin(Person, Person.id == Membership.person_id)
        .where(Family.id.in_(families))
        .order_by(Membership.holder.desc(), Membership.position)
    ):
        found[family_id] = found.get(family_id) or own or login or personal
    return found
