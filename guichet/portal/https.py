"""The HTTPS connector: pull since a cursor, attachments, answers with an idempotency key.

    GET  {address}/exchange?since=BATCH   an exchange file, or 204 when there is nothing after that batch
    POST {address}/reports                the report of a batch taken in or refused (optional: 404 and 405 are accepted)
    POST {address}/answers                one answer, header Idempotency-Key

Every body is spooled to a file before anything is read of it, so that a pull cut short imports nothing and a program
stopped half-way takes the spooled file up again. The token goes to the portal's own origin and nowhere else: no redirect
is followed, an attachment elsewhere is not fetched, plain HTTP is for loopback alone.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import requests
from filelock import FileLock, Timeout
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util.retry import Retry

from guichet.portal.canonical import LineRejected
from guichet.portal.connectors import Delivery, Outgoing, RefusedDelivery, Report, Sent
from guichet.portal.exchange_file import open_file
from guichet.portal.report_text import report_values
from guichet.portal.wire import Attachment
from guichet.rules.errors import EnvironmentProblem, UserError

CONNECT_SECONDS, READ_SECONDS = 10, 60
MAX_BODY_BYTES = 4 * 1024**3
_BLOCK = 256 * 1024
_WORTH_RETRYING = (429, 500, 502, 503, 504)
_NO_REPORTS_THERE = {404, 405, 501}


@dataclass(frozen=True)
class Patience:
    """How hard to try: attempts after the first, first pause in seconds (doubled each time), longest pause."""

    retries: int = 4
    first_pause: float = 0.5
    longest_pause: float = 30.0


DEFAULT_PATIENCE = Patience()


class HttpsConnector:
    """Talks to one portal. `cursor` is the last batch taken in; it moves on when a batch is acknowledged."""

    def __init__(
        self,
        address: str,
        *,
        portal: str,
        token: Callable[[], str],
        spool: Path,
        cursor: str | None = None,
        ca_bundle: Path | None = None,
        patience: Patience = DEFAULT_PATIENCE,
    ) -> None:
        """`token` is asked for when first needed and never kept in a message; `ca_bundle` is a private authority.

        Raises UserError when the address is not HTTPS (HTTP on loopback aside) or carries a password.
        """
        self._address = _checked(address)
        self._origin = _origin(urlsplit(self._address))
        self._portal = portal
        self._spool = spool
        self.cursor = cursor
        self._retries = patience.retries
        self._session = requests.Session()
        self._session.auth = _Bearer(token)
        # Given with each request: what the session holds loses to the machine's REQUESTS_CA_BUNDLE.
        self._verify: str | bool = str(ca_bundle) if ca_bundle else True
        adapter = HTTPAdapter(max_retries=_retry(patience))
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def deliveries(self) -> Iterator[Delivery | RefusedDelivery]:
        """What a stopped program left spooled, then batch after batch until the portal has no more.

        Ends early when a batch is refused or was not acknowledged: the portal would only give the same one again.
        Raises EnvironmentProblem when the portal is out of reach, UserError when it refuses us.
        """
        with self._only_one() as alone:
            if not alone:
                return
            for unfinished in self._spool.glob("*.part"):
                unfinished.unlink()
            for path in sorted(self._spool.glob("*.jsonl")):
                yield self._open(path)
            while True:
                before = self.cursor
                path = self._spool / "pull.jsonl"
                if not self._pull(path):
                    return
                yield self._open(path)
                if self.cursor == before:
                    return

    def check(self) -> None:
        """Ask for the exchange without taking anything in.

        Raises UserError when the portal refuses us, EnvironmentProblem when it is out of reach.
        """
        with _reached(), self._get(f"{self._address}/exchange", since=self.cursor) as reply:
            _refuse_status(reply.status_code)

    def send(self, answers: Sequence[Outgoing], now: datetime) -> Iterator[Sent]:  # noqa: ARG002 (dated by files)
        """Post answers one by one, each with its key. A refusal by the portal is told and the next one tried."""
        for answer in answers:
            with _reached():
                reply = self._session.post(
                    f"{self._address}/answers",
                    json=answer.body,
                    headers={"Idempotency-Key": answer.key},
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    verify=self._verify,
                )
            _refuse_failure(reply.status_code)
            accepted = 200 <= reply.status_code < 300
            yield Sent(
                answer.key, None if accepted else f"Le portail a répondu {reply.status_code} à cette réponse."
            )

    def attachment(self, attachment: Attachment) -> bytes:
        """Fetch an attachment of the portal's own origin, reading one byte more than announced at most.

        Raises LineRejected `attachment_unavailable`, EnvironmentProblem when the portal is out of reach.
        """
        url = attachment.url or ""
        try:
            same_origin = _origin(urlsplit(url)) == self._origin
        except ValueError:
            same_origin = False
        if not same_origin:
            raise LineRejected(
                "attachment_unavailable", "L’adresse d’une pièce jointe n’est pas celle du portail."
            )
        with _reached(), self._get(url) as reply:
            if reply.status_code != requests.codes.ok:
                raise LineRejected(
                    "attachment_unavailable",
                    f"Le portail a répondu {reply.status_code} pour une pièce jointe.",
                )
            content = bytearray()
            for block in reply.iter_content(_BLOCK):
                content += block
                if len(content) > attachment.size:
                    break
            return bytes(content)

    def _open(self, path: Path) -> Delivery | RefusedDelivery:
        return open_file(
            path,
            source=self._address,
            expected_portal=self._portal,
            fetch=self.attachment,
            done=partial(self._acknowledge, path),
            put_aside=partial(self._put_aside, path),
        )

    def _acknowledge(self, path: Path, report: Report) -> None:
        self._post_report(report)
        self.cursor = report.batch
        path.unlink(missing_ok=True)

    def _put_aside(self, path: Path, report: Report) -> None:
        self._post_report(report)
        path.unlink(missing_ok=True)  # the portal still has it: the cursor did not move

    def _post_report(self, report: Report) -> None:
        with _reached():
            reply = self._session.post(
                f"{self._address}/reports",
                json=report_values(report),
                headers={"Idempotency-Key": f"{report.sha256}-{report.batch_id}"},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                verify=self._verify,
            )
        if reply.status_code not in _NO_REPORTS_THERE:
            _refuse_status(reply.status_code)

    def _pull(self, path: Path) -> bool:
        """Spool the next batch whole; False when there is none. A connection cut in the body is tried again."""
        part = path.with_suffix(".part")
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            try:
                with _reached(), self._get(f"{self._address}/exchange", since=self.cursor) as reply:
                    if reply.status_code == requests.codes.no_content:
                        return False
                    _refuse_status(reply.status_code)
                    _spool_body(reply, part)
                break
            except _CutShort as problem:
                if last:
                    raise EnvironmentProblem(
                        "La connexion au portail a été coupée pendant le relevé : rien n’a été importé, réessayez.",
                        code="portal_cut",
                    ) from problem
        part.replace(path)
        return True

    def _get(self, url: str, **parameters: str | None) -> requests.Response:
        return self._session.get(
            url,
            params={name: value for name, value in parameters.items() if value is not None},
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            verify=self._verify,
            stream=True,
        )

    @contextmanager
    def _only_one(self) -> Iterator[bool]:
        self._spool.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._spool / ".guichet.lock", thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()


class _Bearer(AuthBase):
    """The token as a header. An explicit auth also keeps a machine's .netrc out of the way."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token()}"
        return request


class _CutShort(Exception):
    """The body stopped before its end."""


def _retry(patience: Patience) -> Retry:
    return Retry(
        total=patience.retries,
        backoff_factor=patience.first_pause,
        backoff_max=patience.longest_pause,
        status_forcelist=_WORTH_RETRYING,
        allowed_methods=frozenset({"GET", "POST"}),  # a POST carries its key: sent twice is received once
        respect_retry_after_header=True,
        retry_after_max=int(patience.longest_pause),
        raise_on_status=False,
    )


def _spool_body(reply: requests.Response, path: Path) -> None:
    size = 0
    try:
        with path.open("wb") as stream:
            for block in reply.iter_content(_BLOCK):
                size += len(block)
                if size > MAX_BODY_BYTES:
                    raise EnvironmentProblem(
                        "Le relevé du portail dépasse 4 Gio : il est abandonné.", code="portal_too_big"
                    )
                stream.write(block)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as problem:
        raise _CutShort from problem


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except requests.exceptions.SSLError as problem:
        raise EnvironmentProblem(
            "Le certificat du portail n’est pas reconnu : rien n’a été envoyé. Prévenez son exploitant.",
            code="portal_certificate",
        ) from problem
    except requests.RequestException as problem:
        raise EnvironmentProblem(
            "Le portail ne répond pas : vérifiez le réseau, puis réessayez. Rien n’est perdu.",
            code="portal_away",
        ) from problem


def _refuse_failure(status: int) -> None:
    """Raise what is about the connection as a whole, and would befall the next answer too."""
    if status in {401, 403}:
        raise UserError(
            "Le portail refuse le jeton : enregistrez-le de nouveau dans le trousseau de ce poste.",
            field="token",
            code="portal_token",
        )
    if 300 <= status < 400:
        raise UserError(
            "Le portail renvoie vers une autre adresse, qui n’est pas suivie : corrigez l’adresse du portail.",
            field="address",
            code="portal_redirects",
        )
    if status in _WORTH_RETRYING:
        raise EnvironmentProblem(
            f"Le portail est indisponible (réponse {status}) : réessayez plus tard. Rien n’est perdu.",
            code="portal_unavailable",
        )


def _refuse_status(status: int) -> None:
    _refuse_failure(status)
    if not 200 <= status < 300:
        raise UserError(
            f"Le portail a répondu {status} : vérifiez l’adresse de l’échange.",
            field="address",
            code="portal_status",
        )


def _checked(address: str) -> str:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise UserError("L’adresse du portail n’est pas lisible.", field="address") from None
    if parts.username is not None or parts.password is not None:
        raise UserError(
            "L’adresse du portail ne doit contenir ni identifiant ni mot de passe.", field="address"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise UserError("L’adresse du portail doit commencer par https://.", field="address")
    return address.rstrip("/")


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or default


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
