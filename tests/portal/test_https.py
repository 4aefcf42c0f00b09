"""A portal over HTTPS, against a real server on loopback: pull, attachments, reports, answers, and what goes wrong."""

import hashlib
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Request, Response

from guichet.models.database import Database
from guichet.models.dossiers import DocumentContent
from guichet.models.requests import ConnectorKind
from guichet.portal.connectors import Outgoing
from guichet.portal.https import HttpsConnector, Patience
from guichet.rules.errors import EnvironmentProblem, UserError
from guichet.services import transaction
from guichet.services.intake_batch import BatchReport
from guichet.services.portals import PortalInfo, connect, find_portal, import_from_portal, save_portal
from guichet.services.transaction import Context
from tests.services.exchange_town import (
    attachment,
    booking,
    build_town,
    exchange,
    line_outcomes,
    requests_in,
    stored,
)

NOW = datetime(2026, 3, 18, 8, 0, tzinfo=UTC)
TOKEN = "jeton-de-test"
QUICK = Patience(retries=2, first_pause=0.0, longest_pause=0.0)


@pytest.fixture
def portal(make_httpserver: HTTPServer) -> Iterator[HTTPServer]:
    yield make_httpserver
    make_httpserver.clear()


@pytest.fixture
def town(database: Database, context: Context, portal: HTTPServer) -> Database:
    build_town(database)
    address = portal.url_for("/api")
    settings = PortalInfo("portail", "Portail", ConnectorKind.HTTPS, address)
    transaction.run(database, context, save_portal, settings)
    return database


def visit(town: Database, context: Context, spool: Path) -> list[BatchReport]:
    info = transaction.read(town, context, find_portal, "portail")
    connector = connect(info, token=lambda: TOKEN, spool=spool, patience=QUICK)
    return import_from_portal(town, context, info, connector)


def cursor(town: Database, context: Context) -> str | None:
    return transaction.read(town, context, find_portal, "portail").cursor


def connector_to(portal: HTTPServer, spool: Path, **options: Any) -> HttpsConnector:
    values: dict[str, Any] = {"portal": "portail", "token": lambda: TOKEN, "spool": spool, "patience": QUICK}
    return HttpsConnector(portal.url_for("/api"), **(values | options))


class Nights:
    """A portal that gives the batch after the one asked for, and keeps what it is told."""

    def __init__(self, portal: HTTPServer, **batches: bytes) -> None:
        self.batches = batches
        self.asked: list[str | None] = []
        self.reports: list[dict[str, Any]] = []
        self.tokens: set[str | None] = set()
        portal.expect_request("/api/exchange").respond_with_handler(self._exchange)
        portal.expect_request("/api/reports", method="POST").respond_with_handler(self._report)

    def _exchange(self, request: Request) -> Response:
        self.tokens.add(request.headers.get("Authorization"))
        since = request.args.get("since")
        self.asked.append(since)
        names = list(self.batches)
        following = names[names.index(since) + 1 :] if since else names
        if not following:
            return Response(status=204)
        return Response(self.batches[following[0]], content_type="application/jsonl")

    def _report(self, request: Request) -> Response:
        self.reports.append(json.loads(request.data))
        return Response(status=201)


def test_every_night_since_the_last_comes_in_and_the_cursor_moves(
    town: Database, context: Context, portal: HTTPServer, tmp_path: Path
) -> None:
    nights = Nights(
        portal,
        n1=exchange([booking("D-1")], batch="n1"),
        n2=exchange([booking("D-2"), b"{torn"], batch="n2"),
    )

    reports = visit(town, context, tmp_path / "spool")

    assert [report.counts["imported"] for report in reports] == [1, 1]
    assert cursor(town, context) == "n2"
    assert nights.asked == [None, "n1", "n2"]
    assert nights.tokens == {f"Bearer {TOKEN}"}
    assert [(report["batch"], report["quarantined"]) for report in nights.reports] == [("n1", 0), ("n2", 1)]
    before = stored(town)
    assert visit(town, context, tmp_path / "spool") == []
    nights.batches["n3"] = exchange([booking("D-1", revision=2), booking("D-2")], batch="n3")
    (third,) = visit(town, context, tmp_path / "spool")
    assert third.counts == {"received": 2, "imported": 1, "duplicate": 1, "quarantined": 0}
    assert stored(town)["request"] == before["request"] + 1
    assert [path.name for path in (tmp_path / "spool").iterdir() if not path.name.startswith(".")] == []


def test_a_portal_without_reports_and_one_that_repeats_its_last_batch_are_borne(
    town: Database, context: Context, portal: HTTPServer, tmp_path: Path
) -> None:
    portal.expect_request("/api/exchange").respond_with_data(exchange([booking("D-1")], batch="n1"))
    portal.expect_request("/api/reports").respond_with_data(status=404)

    assert [report.already_known for report in visit(town, context, tmp_path / "spool")] == [False, True]
    assert [report.already_known for report in visit(town, context, tmp_path / "spool")] == [True]
    assert requests_in(town) == [("D-1", 1, "pending")]


def test_a_batch_is_pulled_again_after_a_stop_before_the_cursor_moved(
    town: Database, context: Context, portal: HTTPServer, tmp_path: Path
) -> None:
    nights = Nights(portal, n1=exchange([booking("D-1")], batch="n1"))
    info = transaction.read(town, context, find_portal, "portail")
    connector = connect(info, token=lambda: TOKEN, spool=tmp_path / "spool", patience=QUICK)
    stopped = connector.deliveries()
    next(stopped)  # spooled, and the program stops here
    stopped.close()  # type: ignore[attr-defined]
    assert cursor(town, context) is None

    reports = visit(town, context, tmp_path / "spool")

    assert [report.counts["imported"] for report in reports] == [1]
    assert nights.asked == [None, "n1"]
    assert cursor(town, context) == "n1"


def test_a_body_without_its_end_is_refused_and_the_cursor_stays(
    town: Database, context: Context, portal: HTTPServer, tmp_path: Path
) -> None:
    nights = Nights(portal, n1=exchange([booking("D-1")], batch="n1")[:-20])

    (report,) = visit(town, context, tmp_path / "spool")

    assert report.refusal is not None
    assert cursor(town, context) is None
    assert nights.reports[0]["refused"] is True
    assert requests_in(town) == []
    nights.batches["n1"] = exchange([booking("D-1")], batch="n1")
    assert [found.counts["imported"] for found in visit(town, context, tmp_path / "spool")] == [1]


class TornOnce(BaseHTTPRequestHandler):
    """A portal whose first answers stop before their announced end."""

    whole = exchange([booking("D-1")], batch="n1")
    torn = 2

    def do_GET(self) -> None:
        if "since" in self.path:
            self.send_response(204)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.whole)))
        self.end_headers()
        kept = len(self.whole) - (30 if TornOnce.torn else 0)
        TornOnce.torn -= 1 if TornOnce.torn else 0
        self.wfile.write(self.whole[:kept])
        self.close_connection = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's own name)
        """Nothing on the terminal."""


def test_a_connection_cut_in_the_body_is_tried_again_and_imports_nothing_by_halves(
    town: Database, context: Context, tmp_path: Path
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), TornOnce)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        info = PortalInfo("portail", "Portail", ConnectorKind.HTTPS, address)
        TornOnce.torn = QUICK.retries + 1
        connector = connect(info, token=lambda: TOKEN, spool=tmp_path, patience=QUICK)
        with pytest.raises(EnvironmentProblem, match="coupée"):
            import_from_portal(town, context, info, connector)
        assert stored(town)["import_batch"] == 0

        TornOnce.torn = QUICK.retries
        reports = import_from_portal(town, context, info, connector)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [report.counts["imported"] for report in reports] == [1]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_portal_in_trouble_is_asked_again_then_left_for_later(
    town: Database, context: Context, portal: HTTPServer, tmp_path: Path, status: int
) -> None:
    portal.expect_oneshot_request("/api/exchange").respond_with_data(
        status=status, headers={"Retry-After": "3600"}
    )
    portal.expect_oneshot_request("/api/exchange").respond_with_data(status=204)
    assert visit(town, context, tmp_path / "spool") == []
    portal.check_assertions()

    portal.expect_request("/api/exchange").respond_with_data(status=status)
    with pytest.raises(EnvironmentProblem, match="indisponible"):
        visit(town, context, tmp_path / "spool")
    assert stored(town)["import_batch"] == 0


@pytest.mark.parametrize(
    ("status", "sentence"), [(401, "jeton"), (403, "jeton"), (302, "autre adresse"), (404, "adresse")]
)
def test_a_refusal_is_told_with_what_to_do(
    town: Database, context: Context, portal: HTTPServer, tmp_path: Path, status: int, sentence: str
) -> None:
    portal.expect_request("/api/exchange").respond_with_data(
        status=status, headers={"Location": "https://ailleurs.example/"}
    )
    with pytest.raises(UserError, match=sentence) as refused:
        visit(town, context, tmp_path / "spool")
    assert TOKEN not in str(refused.value)


def test_a_portal_that_is_not_there_is_told_so(tmp_path: Path, portal: HTTPServer) -> None:
    connector = HttpsConnector(
        "http://127.0.0.1:9", portal="portail", token=lambda: TOKEN, spool=tmp_path, patience=QUICK
    )
    with pytest.raises(EnvironmentProblem, match="répond pas"):
        list(connector.deliveries())


def test_attachments_by_address_are_fetched_checked_and_kept(
    town: Database, context: Context, portal: HTTPServer, tmp_path: Path
) -> None:
    data = b"%PDF-1.4 certificat"

    def by_address(path: str, **changes: Any) -> dict[str, Any]:
        found = attachment(data, url=portal.url_for(path), **changes)
        found.pop("content")
        return found

    elsewhere = by_address("/x") | {"url": "http://127.0.0.1:9/certificat.pdf"}
    lines: list[dict[str, Any] | bytes] = [
        booking("D-1", attachments=[by_address("/files/ok")]),
        booking("D-2", attachments=[by_address("/files/gone")]),
        booking("D-3", attachments=[by_address("/files/other")]),
        booking("D-4", attachments=[by_address("/files/moved")]),
        booking("D-5", attachments=[elsewhere]),
        booking("D-6", attachments=[by_address("/files/endless")]),
    ]
    Nights(portal, n1=exchange(lines, batch="n1"))
    portal.expect_request("/files/ok", headers={"Authorization": f"Bearer {TOKEN}"}).respond_with_data(data)
    portal.expect_request("/files/gone").respond_with_data(status=410)
    portal.expect_request("/files/other").respond_with_data(data[::-1])
    portal.expect_request("/files/moved").respond_with_data(status=302, headers={"Location": "/files/ok"})
    portal.expect_request("/files/endless").respond_with_handler(
        lambda _: Response((b"x" * 65_536 for _ in range(10_000)), direct_passthrough=True)
    )

    (report,) = visit(town, context, tmp_path / "spool")

    assert report.counts == {"received": 6, "imported": 1, "duplicate": 0, "quarantined": 5}
    assert [code for _, _, code in line_outcomes(town)] == [
        None,
        "attachment_unavailable",
        "attachment_mismatch",
        "attachment_unavailable",
        "attachment_unavailable",
        "attachment_mismatch",
    ]
    with town.reading() as session:
        assert session.scalars(select(DocumentContent.content)).all() == [data]


def test_known_requests_are_not_downloaded_again(
    town: Database, context: Context, portal: HTTPServer, tmp_path: Path
) -> None:
    data = b"%PDF-1.4 certificat"
    fetched: list[str] = []

    def give(request: Request) -> Response:
        fetched.append(request.path)
        return Response(data)

    portal.expect_request("/files/1").respond_with_handler(give)
    piece = attachment(data, url=portal.url_for("/files/1"))
    piece.pop("content")
    line = booking("D-1", attachments=[piece])
    nights = Nights(portal, n1=exchange([line], batch="n1"))
    visit(town, context, tmp_path / "spool")
    nights.batches["n2"] = exchange([line], batch="n2")

    (report,) = visit(town, context, tmp_path / "spool")

    assert report.counts["duplicate"] == 1
    assert fetched == ["/files/1"]


def test_answers_carry_their_key_and_what_the_portal_said_comes_back(
    portal: HTTPServer, tmp_path: Path
) -> None:
    received: list[tuple[str | None, Any]] = []

    def take(request: Request) -> Response:
        received.append((request.headers.get("Idempotency-Key"), json.loads(request.data)))
        return Response(status=422 if request.headers["Idempotency-Key"] == "k2" else 200)

    portal.expect_request("/api/answers", method="POST").respond_with_handler(take)
    answers = [Outgoing(f"k{number}", {"status": "accepted", "text": "d’accord"}) for number in (1, 2, 3)]

    sent = list(connector_to(portal, tmp_path).send(answers, NOW))

    assert [(one.key, one.error) for one in sent] == [
        ("k1", None),
        ("k2", "Le portail a répondu 422 à cette réponse."),
        ("k3", None),
    ]
    assert [key for key, _ in received] == ["k1", "k2", "k3"]
    assert received[0][1] == {"status": "accepted", "text": "d’accord"}


@pytest.mark.parametrize(
    "address",
    [
        "http://portail.example.fr/api",
        "ftp://portail.example.fr",
        "portail.example.fr",
        "http://localhost.example.fr",
        "http://127.0.0.1.example.fr",
        "https://agent:secret@portail.example.fr",
        "https://[portail",
        "https://portail.example.fr:port",
    ],
)
def test_an_address_that_would_show_the_token_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        HttpsConnector(address, portal="p", token=lambda: TOKEN, spool=tmp_path)


def test_a_certificate_that_nobody_vouches_for_is_refused_and_a_trusted_one_accepted(tmp_path: Path) -> None:
    key_file, certificate_file = self_signed(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate_file, key_file)
    seen: list[str] = []

    def record(request: Request) -> Response:
        seen.append(request.headers.get("Authorization", ""))
        return Response(status=204)

    with HTTPServer(host="127.0.0.1", ssl_context=tls) as server:
        server.expect_request("/api/exchange").respond_with_handler(record)
        with pytest.raises(EnvironmentProblem, match="certificat"):
            list(connector_to(server, tmp_path / "a").deliveries())
        assert seen == []
        assert list(connector_to(server, tmp_path / "b", ca_bundle=certificate_file).deliveries()) == []
        assert seen == [f"Bearer {TOKEN}"]


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of our own making for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "key.pem", folder / "certificate.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate_file


def test_the_token_is_nowhere_in_what_is_kept(
    town: Database, context: Context, portal: HTTPServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    Nights(portal, n1=exchange([booking("D-1")], batch="n1"))
    visit(town, context, tmp_path / "spool")
    assert TOKEN not in caplog.text
    assert all(TOKEN.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_the_spooled_file_is_the_body_byte_for_byte(portal: HTTPServer, tmp_path: Path) -> None:
    body = exchange([booking("D-1", payload=booking()["payload"] | {"comment": "é" * 50_000})], batch="n1")
    portal.expect_request("/api/exchange").respond_with_data(body)
    delivery = next(connector_to(portal, tmp_path).deliveries())
    assert delivery.sha256 == hashlib.sha256(body).hexdigest()
