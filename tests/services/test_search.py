"""What the palette finds: every word, number, phone and reference, ranked, and nothing that the person may not read."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.money import Attestation, DocumentOrigin, Invoice, InvoiceKind, Payment, PaymentMode
from guichet.models.people import Family
from guichet.rules.permissions import Role
from guichet.services import search, transaction
from guichet.services.search import SearchQuery
from guichet.services.search_hits import Hit, Kind
from guichet.services.transaction import Actor, Context
from tests import builders
from tests.services import request_town

DAY = date(2026, 3, 18)


@pytest.fixture
def town(database: Database) -> dict[str, int]:
    with database.writing() as session:
        mother = builders.add_person(
            session, "Lefèvre", "Hélène", mobile_phone="06 12 34 56 78", email="helene.lefevre@exemple.fr"
        )
        father = builders.add_person(session, "Œuvrard", "Marc")
        zoe = builders.add_person(
            session, "Lefèvre-Œuvrard", "Zoé", birth_date=date(2020, 3, 19), number="E12"
        )
        leon = builders.add_person(session, "Lefèvre", "Léon", birth_date=date(2018, 1, 2), number="E13")
        first = builders.add_family(session, "1001", adults=[mother], children=[zoe, leon])
        second = builders.add_family(session, "1002", adults=[father], children=[zoe])
        return {"mother": first.id, "father": second.id, "zoe": zoe.id, "leon": leon.id}


def hits(database: Database, context: Context, text: str, limit: int = 8) -> list[Hit]:
    found = transaction.read(database, context, search.everything, SearchQuery(text, limit))
    return [hit for group in found.groups for hit in group.hits]


def ids(database: Database, context: Context, text: str, kind: Kind) -> list[int]:
    return [hit.subject_id for hit in hits(database, context, text) if hit.kind is kind]


def as_role(context: Context, *roles: Role) -> Context:
    return replace(context, actor=Actor("camille", "Camille Roux", frozenset(roles)))


def invoice(
    session: Session, family: int, regie: int, number: int, label: str, kind: InvoiceKind, total: int = 12060
) -> int:
    refers = None
    if kind is InvoiceKind.CREDIT_NOTE:
        refers = session.execute(select(func.min(Invoice.id))).scalar_one()
    row = Invoice(
        kind=kind,
        regie_id=regie,
        series="AL",
        number=number,
        label=label,
        origin=DocumentOrigin.GUICHET if label.startswith("AL-") else DocumentOrigin.IMPORTED,
        refers_to_id=refers,
        family_id=family,
        debtor="Mme Lefèvre",
        period_start=date(2026, 2, 1),
        period_end=date(2026, 2, 28),
        issued_on=DAY,
        due_on=DAY,
        total_cents=total,
        line_count=0,
        printed={},
    )
    session.add(row)
    session.flush()
    return row.id


def payment(session: Session, family: int, regie: int, number: int, label: str) -> int:
    row = Payment(
        regie_id=regie,
        series="AL",
        number=number,
        label=label,
        origin=DocumentOrigin.IMPORTED,
        family_id=family,
        payer_name="Mme Lefèvre",
        mode=PaymentMode.CHEQUE,
        mode_label="Chèque",
        received_on=DAY,
        amount_cents=5000,
    )
    session.add(row)
    session.flush()
    return row.id


@pytest.mark.parametrize(
    "text",
    [
        "lefevre helene",
        "HÉLÈNE Lef",
        "leo lefe",
        "0612345678",
        "06 12 34",
        "06.12.34.56.78",
        "06\u202f12\u00a034",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34",
        "0033612345678",
        "lefevre 06 12",
        "5678",
        "helene.lefevre@exemple.fr",
        "HELENE.LEFEVRE@",
        "1001",
        "e13",
    ],
)
def test_a_family_is_found_by_the_beginnings_of_its_words_its_phones_its_mails_and_its_numbers(
    database: Database, context: Context, town: dict[str, int], text: str
) -> None:
    assert ids(database, context, text, Kind.FAMILY) == [town["mother"]]


def test_a_child_is_found_with_the_family_it_opens(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    (leon,) = (hit for hit in hits(database, context, "LEON") if hit.kind is Kind.CHILD)
    assert (leon.subject_id, leon.family_id, leon.title) == (town["leon"], town["mother"], "Léon Lefèvre")
    assert "02/01/2018" in leon.detail
    assert "n°\u00a01001" in leon.detail


def test_a_child_of_two_families_is_shown_once(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    assert ids(database, context, "zoé", Kind.CHILD) == [town["zoe"]]
    assert ids(database, context, "zoé", Kind.FAMILY) == [town["mother"], town["father"]]
    opened = [hit.family_id for hit in hits(database, context, "zoé œuvrard marc") if hit.kind is Kind.CHILD]
    assert opened == [town["father"]]


def test_only_the_children_whom_the_words_name_best_are_shown(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    assert ids(database, context, "lefevre leon", Kind.CHILD) == [town["leon"]]
    assert set(ids(database, context, "lefevre", Kind.CHILD)) == {town["leon"], town["zoe"]}
    assert ids(database, context, "0612345678", Kind.CHILD) == []


def test_an_exact_number_comes_before_all(database: Database, context: Context, town: dict[str, int]) -> None:
    with database.writing() as session:
        builders.add_family(session, "10010", adults=[builders.add_person(session, "Abel", "Anne")])
    found = hits(database, context, "1001")
    assert [hit.title for hit in found] == ["Lefèvre", "Abel"]
    assert [hit.exact for hit in found] == [True, False]
    first = hits(database, context, "e12")[0]
    assert (first.kind, first.subject_id, first.exact) == (Kind.CHILD, town["zoe"], True)


def test_a_label_that_begins_so_comes_first_then_words_that_begin_so_then_those_that_hold_it(
    database: Database, context: Context
) -> None:
    with database.writing() as session:
        for number, (last_name, child) in enumerate(
            (("Aubenmartel", "Noé"), ("Abel", "Martine"), ("Martel", "Zoé"), ("Saint-Martial", "Ugo"))
        ):
            adult = builders.add_person(session, last_name, "Ode")
            builders.add_family(
                session,
                str(number),
                adults=[adult],
                children=[builders.add_person(session, last_name, child)],
            )
    families = [hit.title for hit in hits(database, context, "mart") if hit.kind is Kind.FAMILY]
    assert families == ["Martel", "Abel", "Saint-Martial", "Aubenmartel"]
    families = [hit.title for hit in hits(database, context, "ode mart") if hit.kind is Kind.FAMILY]
    assert families == ["Martel", "Abel", "Saint-Martial", "Aubenmartel"]


def test_one_or_two_letters_are_the_beginnings_of_words(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    assert ids(database, context, "m", Kind.FAMILY) == [town["father"]]
    assert ids(database, context, "vr", Kind.FAMILY) == []
    assert ids(database, context, "vra", Kind.FAMILY) == [town["mother"], town["father"]]


def test_an_archived_family_answers_to_its_number_alone(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    with database.writing() as session:
        session.get_one(Family, town["mother"]).archived = True
    assert ids(database, context, "lefevre helene", Kind.FAMILY) == []
    (archived,) = hits(database, context, "1001")
    assert (archived.subject_id, archived.exact) == (town["mother"], True)
    assert "archivée" in archived.detail


def test_more_is_said_and_not_counted(database: Database, context: Context) -> None:
    with database.writing() as session:
        for number in range(5):
            builders.add_family(session, str(number), adults=[builders.add_person(session, "Nom", "A")])
    for limit, more in ((4, True), (5, False)):
        found = transaction.read(database, context, search.everything, SearchQuery("nom", limit))
        (group,) = found.groups
        assert (len(group.hits), group.more) == (limit, more)


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "'", "…", "\\"])
def test_nothing_typed_finds_nothing(
    database: Database, context: Context, town: dict[str, int], text: str
) -> None:
    assert hits(database, context, text) == []


def test_documents_are_found_by_their_numbers(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    with database.writing() as session:
        regie = builders.add_regie(session).id
        of = InvoiceKind.INVOICE
        first = invoice(session, town["mother"], regie, 36, "AL-36", of)
        later = invoice(session, town["mother"], regie, 360, "AL-360", of)
        old = invoice(session, town["father"], regie, 77, "2024-77", of)
        credit = invoice(session, town["mother"], regie, 36, "AL-36", InvoiceKind.CREDIT_NOTE)
        paid = payment(session, town["father"], regie, 365, "R365")
        certificate = Attestation(
            family_id=town["mother"],
            child_id=town["leon"],
            year=2025,
            version=1,
            number=3600,
            payer_id=1,
            payer_name="Mme Lefèvre",
            issued_on=DAY,
            amount_cents=99900,
            content={},
            sha256="0" * 64,
        )
        session.add(certificate)
        session.flush()
        attested = certificate.id

    def found(text: str) -> list[tuple[Kind, int]]:
        return [(hit.kind, hit.subject_id) for hit in hits(database, context, text)]

    assert found("AL-36") == [(Kind.INVOICE, first), (Kind.INVOICE, credit), (Kind.INVOICE, later)]
    for text in ("al 36", "AL36", "al/36", "facture AL-36", "Facture n° 36"):
        assert found(text) == found("AL-36"), text
    assert found("36") == [
        *found("AL-36"),
        (Kind.PAYMENT, paid),
        (Kind.ATTESTATION, attested),
    ]
    assert found("2024-77") == [(Kind.INVOICE, old)]
    assert found("r365") == found("règlement 365") == [(Kind.PAYMENT, paid)]
    assert found("AF-3600") == found("attestation 3600") == [(Kind.ATTESTATION, attested)]
    assert found("0360") == [(Kind.INVOICE, later)]
    assert found("bl-36") == []
    shown = hits(database, context, "AL-36")[0]
    assert shown.title == "Facture AL-36"
    assert shown.detail == "famille Lefèvre n°\u00a01001 · 18/03/2026 · 120,60\u00a0€"
    assert hits(database, context, "AL-36")[1].title == "Avoir AL-36"


@pytest.mark.parametrize("text", ["99999999999999999999", "2147483647", "2147483648", "999999999"])
def test_a_number_of_any_length_is_looked_for(
    database: Database, context: Context, town: dict[str, int], text: str
) -> None:
    assert hits(database, context, text) == []


def test_a_request_is_found_by_the_portals_reference(database: Database, context: Context) -> None:
    town = request_town.build(database)
    at = datetime(2026, 3, 17, 20, 0, tzinfo=UTC)
    with database.writing() as session:

        def submit(reference: str) -> int:
            return request_town.submit(
                session, "message", {}, family=town.family, external_id=reference, at=at
            )

        first, ninth = submit("R-2026-000134"), submit("R-2026-000139")
        other, odd = submit("R-2026-000140"), submit("P26-tronquee")
        newest = datetime(2026, 3, 17, 21, 0, tzinfo=UTC)
        last = request_town.submit(session, "message", {}, external_id="R-2026-000141", at=newest)

    def found(text: str) -> list[int]:
        return ids(database, context, text, Kind.REQUEST)

    assert found("R-2026-000134") == found("r-2026-000134") == found("demande R-2026-000134") == [first]
    assert found("R-2026-00013") == [first, ninth]
    assert found("R-2026-00014") == [other, last]
    assert found("R-2026-000139") == [ninth]
    assert found("134") == [first]
    assert found("p26-TRONQUEE") == []
    assert found("P26-tronquee") == [odd]
    shown = next(hit for hit in hits(database, context, "134") if hit.kind is Kind.REQUEST)
    assert shown.exact
    assert shown.detail.startswith("Message · famille ")
    assert "reçue le 17/03/2026" in shown.detail


def test_what_a_role_may_not_read_is_not_found(
    database: Database, context: Context, town: dict[str, int]
) -> None:
    with database.writing() as session:
        regie = builders.add_regie(session).id
        invoice(session, town["mother"], regie, 1001, "AL-1001", InvoiceKind.INVOICE)
        payment(session, town["mother"], regie, 1001, "AL-1001")
        request_town.submit(session, "message", {}, family=town["mother"], external_id="R-1001")

    def kinds(*roles: Role) -> set[Kind]:
        who = as_role(context, *roles)
        return {hit.kind for text in ("1001", "R-1001") for hit in hits(database, who, text)}

    assert kinds(Role.ADMINISTRATOR) == {Kind.FAMILY, Kind.REQUEST, Kind.INVOICE, Kind.PAYMENT}
    assert kinds(Role.ALSH_DIRECTOR) == {Kind.FAMILY, Kind.REQUEST}
    assert kinds(Role.PORTAL) == {Kind.REQUEST}
    assert kinds() == set()
