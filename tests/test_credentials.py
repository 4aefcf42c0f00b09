"""Secrets go to a keyring that protects them, or nowhere."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringLocked, PasswordDeleteError
from sqlalchemy import make_url

from guichet import credentials
from guichet.rules.errors import UserError

TOKEN = credentials.portal_token("https://portail.exemple.fr/")


class Vault(KeyringBackend):
    """A keyring that keeps what it is given, as the one of a desktop does."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if self.secrets.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")

    def _check(self) -> None:
        if self.locked:
            raise KeyringLocked("locked")


class PlainTextFile(Vault):
    """What keyrings.alt offers where nothing better is installed."""


PlainTextFile.__module__ = "keyrings.alt.file"


@pytest.fixture(autouse=True)
def own_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


@pytest.fixture
def vault() -> Vault:
    made = Vault()
    keyring.set_keyring(made)
    return made


def never_asked() -> str:
    raise AssertionError("the keyring knew the answer")


def test_a_kept_secret_is_not_asked_for_again(vault: Vault) -> None:
    assert credentials.keep(TOKEN, "jeton-1")
    assert credentials.obtain(TOKEN, never_asked) == "jeton-1"
    assert credentials.recall(credentials.portal_token("https://portail.exemple.fr")) == "jeton-1"


def test_a_kept_password_completes_the_address_of_the_base(vault: Vault) -> None:
    anne = "postgresql://anne@serveur:5433/guichet?sslmode=require"
    secret = credentials.database_password(anne)
    assert secret is not None
    assert credentials.with_password(anne) == anne
    credentials.keep(secret, "p@ss/é")
    complete = make_url(credentials.with_password(anne))
    assert (complete.username, complete.password, complete.port) == ("anne", "p@ss/é", 5433)
    assert (complete.host, complete.database, complete.query["sslmode"]) == ("serveur", "guichet", "require")


@pytest.mark.parametrize(
    "other",
    [
        "postgresql://bruno@serveur:5433/guichet",
        "postgresql://anne@serveur:5433/archives",
        "postgresql://anne@autre/guichet",
        "postgresql://anne:su@serveur:5433/guichet",
        "postgresql://serveur:5433/guichet",
        "sqlite:///guichet.db",
    ],
)
def test_the_password_of_one_login_and_base_is_given_to_no_other(vault: Vault, other: str) -> None:
    secret = credentials.database_password("postgresql://anne@serveur:5433/guichet")
    assert secret is not None
    credentials.keep(secret, "p")
    assert credentials.with_password(other) == other


def test_a_forgotten_secret_is_asked_for(vault: Vault) -> None:
    credentials.keep(TOKEN, "jeton-1")
    credentials.forget(TOKEN)
    credentials.forget(TOKEN)
    assert credentials.obtain(TOKEN, lambda: "jeton-2") == "jeton-2"
    assert not vault.secrets, "what is typed is not kept unless someone asks for it"


@pytest.mark.parametrize(
    "backend", [fail.Keyring(), null.Keyring(), PlainTextFile()], ids=["none", "null", "plain text"]
)
def test_a_machine_without_a_protecting_keyring_asks_each_time(backend: KeyringBackend) -> None:
    keyring.set_keyring(backend)
    assert not credentials.can_keep()
    assert not credentials.keep(TOKEN, "jeton-1")
    assert credentials.obtain(TOKEN, lambda: "typed") == "typed"
    assert credentials.recall(TOKEN) is None
    if isinstance(backend, Vault):
        assert not backend.secrets


def test_a_plain_text_file_behind_a_real_keyring_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    members: list[KeyringBackend] = [Vault(), PlainTextFile()]
    monkeypatch.setattr(ChainerBackend, "backends", members)
    keyring.set_keyring(ChainerBackend())
    assert not credentials.keep(TOKEN, "jeton-1")
    members.pop()
    assert credentials.keep(TOKEN, "jeton-1")


def test_a_locked_keyring_does_not_stop_the_work(vault: Vault) -> None:
    credentials.keep(TOKEN, "jeton-1")
    vault.locked = True
    assert credentials.obtain(TOKEN, lambda: "typed") == "typed"
    assert not credentials.keep(TOKEN, "jeton-2")
    credentials.forget(TOKEN)


def test_an_empty_answer_is_refused() -> None:
    with pytest.raises(UserError, match="mot de passe"):
        credentials.obtain(TOKEN, lambda: "")


def test_nothing_is_written_in_the_home_folder(own_home: Path) -> None:
    before = set(own_home.rglob("*"))
    credentials.keep(TOKEN, "jeton-1")
    assert set(own_home.rglob("*")) == before
