"""Passwords and tokens: kept by the machine's own keyring, or asked each time; never written in plain text."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import keyring
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringError

from guichet.rules.errors import UserError

logger = logging.getLogger(__name__)

# Backends of this distribution keep secrets in files that anyone with the disk can read.
_PLAIN_TEXT_BACKENDS = "keyrings.alt"


@dataclass(frozen=True)
class Secret:
    """The name of a secret, not the secret: what it opens, and for whom."""

    service: str
    account: str


def portal_token(portal_url: str) -> Secret:
    """The token with which the town speaks to the portal at this address."""
    return Secret("guichet.portal", portal_url.rstrip("/"))


def database_password(url: str) -> Secret | None:
    """The password of the login that a base's address names; None where the address names none or already holds it."""
    parts = urlsplit(url)
    if not parts.username or parts.password is not None:
        return None
    server, base = parts.netloc.rpartition("@")[2], parts.path.lstrip("/")
    return Secret("guichet.database", f"{unquote(parts.username)}@{server}/{base}")


def with_password(url: str) -> str:
    """A base's address completed by the password that the keyring keeps for it, else as it is."""
    secret = database_password(url)
    kept = recall(secret) if secret is not None else None
    if kept is None:
        return url
    login, _, server = urlsplit(url).netloc.rpartition("@")
    return urlsplit(url)._replace(netloc=f"{login}:{quote(kept, safe='')}@{server}").geturl()


def obtain(secret: Secret, ask: Callable[[], str]) -> str:
    """The secret from the keyring, else as typed now. Raises UserError when nothing is typed."""
    kept = recall(secret)
    if kept is not None:
        return kept
    typed = ask()
    if not typed:
        raise UserError("Sans ce mot de passe, Guichet ne peut pas continuer.", field="password")
    return typed


def can_keep() -> bool:
    """Whether this machine has a keyring that protects what it is given."""
    return _protects(keyring.get_keyring())


def recall(secret: Secret) -> str | None:
    """The secret, or None where the machine keeps none or will not say it."""
    if not can_keep():
        return None
    try:
        return keyring.get_password(secret.service, secret.account)
    except KeyringError:
        logger.warning("the keyring did not answer for %s", secret.service, exc_info=True)
        return None


def keep(secret: Secret, value: str) -> bool:
    """Hand the secret to the keyring; False where there is none to protect it: it will be asked for again."""
    if not can_keep():
        return False
    try:
        keyring.set_password(secret.service, secret.account, value)
    except KeyringError:
        logger.warning("the keyring refused to keep %s", secret.service, exc_info=True)
        return False
    return True


def forget(secret: Secret) -> None:
    """Remove the secret from the keyring, if it is there."""
    if not can_keep():
        return
    try:
        keyring.delete_password(secret.service, secret.account)
    except KeyringError:
        logger.info("%s was not in the keyring, or could not be removed", secret.service)


def _protects(backend: KeyringBackend) -> bool:
    if isinstance(backend, ChainerBackend):
        # It writes to the first that accepts, so one that does not protect spoils them all.
        return bool(backend.backends) and all(_protects(member) for member in backend.backends)
    if isinstance(backend, fail.Keyring | null.Keyring):
        return False
    return not type(backend).__module__.startswith(_PLAIN_TEXT_BACKENDS)
