"""From the bytes a connector brings to a request: one mapping by portal program, the exchange's own here.

A mapping decides nothing: it yields a request whole, or says why the line cannot be one.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from guichet.portal.canonical import LineRejected, canonical, decode, digest
from guichet.portal.wire import Attachment, Request, RequestAdapter

_PATH_LENGTH = 200
_SENTENCES = {
    "missing": "ce champ obligatoire est absent",
    "extra_forbidden": "ce champ est inconnu de l’échange",
    "string_type": "un texte est attendu",
    "string_too_short": "le texte est trop court",
    "string_too_long": "le texte est trop long",
    "string_pattern_mismatch": "le texte n’a pas la forme attendue",
    "int_type": "un nombre entier est attendu",
    "bool_type": "« true » ou « false » est attendu",
    "greater_than_equal": "le nombre est trop petit",
    "less_than_equal": "le nombre est trop grand",
    "list_type": "une liste est attendue",
    "dict_type": "un objet est attendu",
    "model_type": "un objet est attendu",
    "too_short": "la liste est trop courte",
    "too_long": "la liste est trop longue",
    "literal_error": "cette valeur n’est pas prévue",
}


@dataclass(frozen=True)
class MappedRequest:
    """A request ready to be looked up and kept.

    `kept` is the line without null members and without the bytes or addresses of attachments (their hash identifies
    them, and an address may change each night); `payload_hash` is the SHA-256 of its canonical form. `contents` goes
    with `request.attachments`: the bytes where the line carried them, None where they are to be fetched.
    """

    request: Request
    kept: dict[str, Any]
    payload_hash: str
    contents: tuple[bytes | None, ...]


class Mapping(Protocol):
    """What turns one portal program's raw item into a request. Raises LineRejected; never guesses."""

    def __call__(self, raw: bytes) -> MappedRequest: ...


def map_exchange_line(raw: bytes) -> MappedRequest:
    """The mapping of the exchange's own lines.

    Raises LineRejected: the codes of `canonical.decode`, `bad_amount`, `bad_instant`, `unknown_kind`, `invalid` (the
    sentence names the member), `attachment_mismatch`.
    """
    line = {name: member for name, member in decode(raw).items() if member is not None}
    try:
        request = RequestAdapter.validate_python(line)
    except ValidationError as problem:
        canonical(line)  # the sentence names members, whose names must be text that can be kept
        raise _rejection(problem.errors(include_url=False, include_input=False)[0], line) from None
    attachments = line.get("attachments", [])
    kept = (
        line | {"attachments": [_identity(attachment) for attachment in attachments]} if attachments else line
    )
    return MappedRequest(
        request=request,
        kept=kept,
        payload_hash=digest(kept),
        contents=tuple(_inline_content(attachment) for attachment in request.attachments),
    )


def check_attachment(attachment: Attachment, content: bytes) -> bytes:
    """Return the bytes of an attachment once their size and SHA-256 are those announced.

    Raises LineRejected `attachment_mismatch`.
    """
    if len(content) != attachment.size:
        raise LineRejected(
            "attachment_mismatch",
            f"Une pièce jointe fait {len(content)} octets au lieu des {attachment.size} annoncés.",
        )
    if hashlib.sha256(content).hexdigest() != attachment.sha256.lower():
        raise LineRejected(
            "attachment_mismatch", "L’empreinte SHA-256 d’une pièce jointe n’est pas celle annoncée."
        )
    return content


def _inline_content(attachment: Attachment) -> bytes | None:
    if attachment.content is None:
        return None
    try:
        content = base64.b64decode(attachment.content.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise LineRejected(
            "attachment_mismatch", "Le contenu d’une pièce jointe n’est pas en base64."
        ) from None
    return check_attachment(attachment, content)


def _identity(attachment: dict[str, Any]) -> dict[str, Any]:
    named = {name: member for name, member in attachment.items() if name not in {"content", "url"}}
    return named | {"sha256": named["sha256"].lower()}


def _rejection(error: ErrorDetails, line: dict[str, Any]) -> LineRejected:
    kind = error["type"]
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return LineRejected("unknown_kind", "Le type de demande (« kind ») est absent ou inconnu.")
    if kind == "string_unicode":
        return LineRejected("bad_text", "Un texte contient une moitié de paire de substitution Unicode.")
    path = error["loc"][1:] if error["loc"][:1] == (line.get("kind"),) else error["loc"]
    where = ".".join(str(step) for step in path)[:_PATH_LENGTH] or "demande"
    if path and str(path[-1]).endswith("_cents"):
        return LineRejected("bad_amount", f"{where} : un montant s’écrit en centimes entiers.")
    if kind == "bad_instant":
        return LineRejected("bad_instant", f"{where} : {error['msg']}.")
    sentence = _SENTENCES.get(kind) or error["msg"]
    return LineRejected("invalid", f"{where} : {sentence}.")
