"""The night's file of the demonstration: what families asked on the portal the day before, and what went wrong on the way."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from guichet.models.database import Database
from guichet.portal.writer import format_instant, write_exchange
from guichet.rules.text import paris_day
from guichet.services import transaction
from guichet.services.demo.portal_view import Child, Knowledge, Place, learn
from guichet.services.demo.sources import FATHER, MOTHER, QF_542
from guichet.services.transaction import Context

PORTAL = "portail-familles"
FILE_NAME = "demandes-2026-03-18.jsonl"

Line = dict[str, Any] | bytes


def write_eve_file(database: Database, context: Context, folder: Path, *, requests: int, seed: int) -> Path:
    """Write the file of the night before: only ordinary requests."""
    path = folder / "demandes-de-la-veille.jsonl"
    known = transaction.read(database, context, learn)
    rng = Random(seed)  # noqa: S311 (the same night each time, not a secret)
    night = _Night(rng, known, context.now, "P25")
    with path.open("wb") as stream:
        write_exchange(
            stream,
            (night.ordinary(rank, requests) for rank in range(requests)),
            portal=PORTAL,
            batch=f"nuit-{paris_day(context.now).isoformat()}",
            exported_at=context.now - timedelta(hours=6),
        )
    return path


def write_night_file(
    database: Database, context: Context, folder: Path, *, requests: int = 2000, seed: int = 1
) -> Path:
    """Write the night's file into `folder` and return its path: the same base, count and seed give the same bytes."""
    known = transaction.read(database, context, learn)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    rng = Random(seed)  # noqa: S311 (the same night each time, not a secret)
    with path.open("wb") as stream:
        write_exchange(
            stream,
            _Night(rng, known, context.now, "P26").lines(requests),
            portal=PORTAL,
            batch=f"nuit-{paris_day(context.now).isoformat()}",
            exported_at=context.now - timedelta(hours=6),
        )
    return path


class _Night:
    """Draws the lines of one night's file."""

    def __init__(self, rng: Random, known: Knowledge, now: datetime, prefix: str) -> None:
        self._rng = rng
        self._known = known
        self._prefix = prefix
        self._today = paris_day(now)
        self._opens = now - timedelta(hours=26)
        self._rank = 0
        self._sent: list[dict[str, Any]] = []

    def lines(self, count: int) -> Iterator[Line]:
        """`count` lines: the stories a visitor is shown, damaged lines and repeats here and there, then the crowd."""
        told = list(self._told())
        spoilt = list(self._spoilt())
        pace = max(5, count // (len(spoilt) + 2))
        for rank in range(count):
            if rank < len(told):
                yield told[rank]
            elif rank % pace == pace - 1 and spoilt:
                yield spoilt.pop()
            elif rank % 90 == 89:
                yield self._rng.choice(self._sent)
            else:
                yield self.ordinary(rank, count)

    def ordinary(self, rank: int, count: int) -> dict[str, Any]:
        """One request of the crowd, submitted at its rank in the day."""
        kinds = {
            self._bookings: 44,
            self._cancellation: 12,
            self._absence: 10,
            self._enrolment: 6,
            self._family_sheet: 7,
            self._child_sheet: 6,
            self._document: 5,
            self._message: 4,
            self._attestation: 3,
            self._einvoice: 2,
            self._new_family: 1,
        }
        make = self._rng.choices(list(kinds), weights=list(kinds.values()))[0]
        request = make()
        request["submitted_at"] = format_instant(
            self._opens + timedelta(seconds=round(rank * 60_000 / count) + self._rng.randrange(25))
        )
        self._sent.append(request)
        return request

    def _request(self, kind: str, payload: dict[str, Any], child: Child | None = None) -> dict[str, Any]:
        self._rank += 1
        request: dict[str, Any] = {
            "id": f"{self._prefix}-{self._rank:05d}",
            "revision": 1,
            "kind": kind,
            "submitted_at": format_instant(self._opens),
        }
        if child is not None:
            request |= {"family": child.family, "child": child.number}
        return {**request, "payload": payload}

    def _bookings(self) -> dict[str, Any]:
        late = self._rng.random() < 0.12
        place, wanted = self._wanted(late=late)
        chosen = sorted(self._rng.sample(wanted, min(len(wanted), self._rng.randrange(1, 6))))
        items = [_slot_day(place, day) for day in chosen]
        request = self._request("bookings", {"items": items}, place.child)
        if place.activity == "VAC" and self._rng.random() < 0.85:
            request["payment"] = self._payment(900 * len(items))
        return request

    def _wanted(self, *, late: bool) -> tuple[Place, Sequence[date]]:
        """A child's place and the open days it has not booked; the first days are too late to ask for."""
        while True:
            place = self._rng.choice(self._known.places)
            days = [
                day
                for day in self._known.openings.get((place.activity, place.slot), ())
                if (place.child.number, place.activity, place.slot, day) not in self._known.booked
            ]
            if days:
                soon = [day for day in days if (day - self._today).days <= 3]
                return place, (soon or days[:1]) if late else days[2:] or days

    def _cancellation(self) -> dict[str, Any]:
        place, day = self._rng.choice(self._known.bookings)
        return self._request("cancellations", {"items": [_slot_day(place, day)]}, place.child)

    def _absence(self) -> dict[str, Any]:
        soon = [(place, day) for place, day in self._known.bookings if (day - self._today).days <= 2]
        place, day = self._rng.choice(soon or self._known.bookings)
        payload: dict[str, Any] = {"items": [_slot_day(place, day)]}
        payload["reason"] = self._rng.choice(["medical", "medical", "family", "school"])
        request = self._request("absence", payload, place.child)
        if payload["reason"] == "medical" and self._rng.random() < 0.6:
            payload["certificate"] = "certificat.pdf"
            request["attachments"] = [_attachment("certificat.pdf", "Certificat médical")]
        return request

    def _enrolment(self) -> dict[str, Any]:
        child = self._rng.choice(self._known.children)
        activity, period, start, end = self._rng.choice(
            [
                ("EMS", "T3-2026", "2026-04-20", "2026-07-03"),
                ("MERC", "2025-2026", "2026-04-22", "2026-07-03"),
                ("TJ", "2025-2026", "2026-04-04", "2026-08-31"),
                ("CANT", "2025-2026", "2026-03-30", "2026-07-03"),
            ]
        )
        payload: dict[str, Any] = {"activity": activity, "period": period, "start": start, "end": end}
        if activity == "MERC":
            payload["typical_week"] = [{"weekday": 3, "slot": "JOURNEE"}]
        request = self._request("enrolment", payload, child)
        if activity in {"EMS", "TJ"} and self._rng.random() < 0.8:
            request["payment"] = self._payment(3500 if activity == "EMS" else 2000)
        return request

    def _family_sheet(self) -> dict[str, Any]:
        payload: dict[str, Any] = self._rng.choice(
            [
                {"responsable": {"phone_mobile": f"06 39 98 {self._rng.randrange(10, 99)} 07"}},
                {
                    "responsable": {
                        "address_line1": f"{self._rng.randrange(1, 60)} rue du Moulin-Neuf",
                        "postal_code": "31990",
                        "city": "VALBRISE",
                    }
                },
                {"caf": {"quotient": self._rng.randrange(250, 1600), "quotient_date": "2026-02-01"}},
                {"responsable": {"email": f"nouvelle.adresse{self._rank}@courriel.example"}},
                {"conjoint": {"profession": "Menuisier", "employer": "Atelier du Coteau"}},
            ]
        )
        return self._family_request("family_sheet", payload)

    def _child_sheet(self) -> dict[str, Any]:
        child = self._rng.choice(self._known.children)
        person = {
            "last_name": "Belmonte",
            "first_name": "Odile",
            "relation": "Grand-mère",
            "phone": "06 39 98 22 11",
        }
        payload: dict[str, Any] = self._rng.choice(
            [
                {"authorised_persons": {"add": [person]}},
                {"health": {"glasses": True}},
                {"health": {"diet": ["sans_porc"], "allergies": "Arachide"}},
                {"photo_consent": {"given": self._rng.random() < 0.5}},
            ]
        )
        return self._request("child_sheet", payload, child)

    def _document(self) -> dict[str, Any]:
        child = self._rng.choice(self._known.children)
        code, name = self._rng.choice(
            [("ASSUR", "assurance.pdf"), ("FICHE", "fiche-sanitaire.pdf"), ("VACCINS", "carnet.pdf")]
        )
        request = self._request("document", {"document_type": code, "valid_until": "2026-07-03"}, child)
        request["attachments"] = [_attachment(name, f"{name} de {child.number}", document_type=code)]
        return request

    def _message(self) -> dict[str, Any]:
        subject, body = self._rng.choice(
            [
                ("Sortie du mercredi", "Bonjour, faut-il prévoir un pique-nique mercredi prochain ?"),
                ("Facture", "Bonjour, je ne comprends pas la ligne « garderie du soir » de ma facture."),
                ("Changement d’école", "Bonjour, nous déménageons en avril. Que devons-nous faire ?"),
            ]
        )
        return self._family_request("message", {"subject": subject, "body": body})

    def _attestation(self) -> dict[str, Any]:
        return self._family_request("attestation", {"year": 2025})

    def _einvoice(self) -> dict[str, Any]:
        return self._family_request("einvoice_consent", {"given": self._rng.random() < 0.8})

    def _new_family(self) -> dict[str, Any]:
        adult = {
            "civility": "MME",
            "last_name": f"Arrivante{self._rank}",
            "first_name": "Solène",
            "email": f"solene{self._rank}@courriel.example",
        }
        child = {"last_name": f"Arrivante{self._rank}", "first_name": "Milo", "birth_date": "2020-09-14"}
        return self._request("new_family", {"adults": [adult], "children": [child]})

    def _family_request(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        request = self._request(kind, payload)
        return {**request, "family": self._rng.choice(self._known.children).family}

    def _payment(self, cents: int) -> dict[str, Any]:
        return {"reference": f"TICKET-{self._rank:05d}", "amount_cents": cents, "mode": "card"}

    def _told(self) -> Iterator[dict[str, Any]]:
        """The stories of the tour: a double of the other parent, a late request, an attestation, a revision, a withdrawal."""
        by_family = {child.family: child for child in self._known.children}
        taken = [(place, day) for place, day in self._known.bookings if place.child.family == MOTHER]
        if taken:
            place, day = taken[-1]
            double = Place(by_family[FATHER], place.activity, place.slot)
            yield self._request("bookings", {"items": [_slot_day(double, day)]}, double.child)
        yield self._request("attestation", {"year": 2025}, by_family[QF_542])
        first = self._request(
            "message", {"subject": "Horaires", "body": "À quelle heure ouvre la garderie ?"}
        )
        first["family"] = MOTHER
        yield first
        yield {
            **first,
            "revision": 2,
            "payload": {"subject": "Horaires", "body": "À quelle heure ferme la garderie ?"},
        }
        asked = self._request("message", {"subject": "Sortie", "body": "Où est le départ du car ?"})
        asked["family"] = FATHER
        yield asked
        withdrawal = self._request("withdrawal", {"comment": "Erreur de ma part."})
        yield {**withdrawal, "family": FATHER, "refers_to": asked["id"]}
        yield asked
        for external_id, family in self._known.awaited[:1]:
            answer = self._request("complement", {"text": "Voici le document, cette fois lisible."})
            answer["attachments"] = [_attachment("document.pdf", "Document lisible")]
            yield {**answer, "family": family, "refers_to": external_id}

    def _spoilt(self) -> Iterator[Line]:
        """What a portal sends on a bad night; each of these lines is kept aside with its reason."""
        child, other = self._known.children[0], self._known.children[-1]
        good = self._request("message", {"subject": "Bonjour", "body": "Merci."}, child)
        yield b'{"id": "P26-tronquee", "revision": 1, "kind": "bookings", "family": "1001'
        yield b'{"id": "P26-latin1", "payload": {"body": "\xe9cole"}}'
        yield {**good, "id": "P26-nul", "payload": {"subject": "Vide\u0000", "body": "…"}}
        yield {**good, "id": "P26-sans-decalage", "submitted_at": "2026-03-17T21:04:00"}
        yield {**good, "id": "P26-genre", "kind": "reclamation"}
        yield {**good, "id": "P26-famille", "family": "9999999999999"}
        yield {**good, "id": "P26-enfant", "child": "E-inconnu"}
        yield {**good, "id": "P26-pas-le-sien", "child": other.number}
        place = Place(child, "POTERIE", "MATIN")
        unknown = self._request("bookings", {"items": [_slot_day(place, self._today)]}, child)
        yield {**unknown, "id": "P26-activite"}
        known = Place(child, "CANT", "REPAS")
        paid = self._request("bookings", {"items": [_slot_day(known, date(2026, 5, 4))]}, child)
        yield {**paid, "id": "P26-centimes", "payment": {"reference": "T-1", "amount_cents": 12.5}}
        proof = self._request("document", {"document_type": "ASSUR"}, child)
        damaged = {**_attachment("assurance.pdf", "abc"), "sha256": "0" * 64}
        yield {**proof, "id": "P26-piece-alteree", "attachments": [damaged]}


def _slot_day(place: Place, day: date) -> dict[str, Any]:
    return {"activity": place.activity, "slot": place.slot, "date": day.isoformat()}


def _attachment(name: str, text: str, *, document_type: str | None = None) -> dict[str, Any]:
    """A small PDF-like file, its bytes in the line."""
    content = f"%PDF-1.4\n% {text}\n%%EOF\n".encode()
    attachment: dict[str, Any] = {
        "name": name,
        "media_type": "application/pdf",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": base64.b64encode(content).decode("ascii"),
    }
    return {**attachment, "document_type": document_type} if document_type else attachment
