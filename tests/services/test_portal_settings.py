"""The portals as an administrator sets them, tried against a real folder and a real server on loopback."""

from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from pytest_httpserver import HTTPServer
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.settings import Journal
from guichet.rules.errors import PermissionDenied, StaleVersion, UserError
from guichet.rules.permissions import Role
from guichet.services import portal_settings, portals, transaction
from guichet.services.portal_settings import KeepToken, PortalRow, SavePortal
from guichet.services.transaction import Actor, Context

TOKEN = "jeton-de-test"


class Drawer(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> Drawer:
    made = Drawer()
    monkeypatch.setattr(keyring.core, "_keyring_backend", made)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> PortalRow:
    return PortalRow("famille", "Portail famille", True, str(tmp_path))


def save(database: Database, context: Context, portal: PortalRow, seen: PortalRow | None = None) -> PortalRow:
    return transaction.run(database, context, portal_settings.save_portal, SavePortal(portal, seen))


def listed(database: Database, context: Context) -> tuple[PortalRow, ...]:
    return transaction.read(database, context, portal_settings.list_portals, None)


def test_a_portal_is_added_and_moved(database: Database, context: Context, folder: PortalRow) -> None:
    save(database, context, folder)
    moved = PortalRow("famille", " ", False, " https://portail.exemple.fr/api ")
    save(database, context, moved, folder)
    assert listed(database, context) == (
        PortalRow("famille", "famille", False, "https://portail.exemple.fr/api"),
    )
    assert transaction.read(database, context, portals.find_portal, "famille").connector.value == "https"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": " "}, "code"),
        ({"code": "deux mots"}, "code"),
        ({"address": ""}, "address"),
        ({"address": "depot/famille"}, "address"),
        ({"folder": False, "address": "http://portail.exemple.fr"}, "address"),
        ({"folder": False, "address": "https://moi:secret@portail.exemple.fr"}, "address"),
    ],
)
def test_what_cannot_be_reached_is_refused_beside_its_field(
    database: Database, context: Context, folder: PortalRow, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(UserError) as refusal:
        save(database, context, replace(folder, **changes))  # type: ignore[arg-type]
    assert refusal.value.field == field
    assert listed(database, context) == ()


def test_a_code_is_taken_once_and_a_change_seen_by_the_second(
    database: Database, context: Context, folder: PortalRow
) -> None:
    save(database, context, folder)
    with pytest.raises(UserError) as taken:
        save(database, context, folder)
    assert taken.value.field == "code"
    save(database, context, replace(folder, name="Accueil"), folder)
    with pytest.raises(StaleVersion, match="Portail réglé"):
        save(database, context, replace(folder, name="Autre"), folder)


def test_a_folder_is_tried_without_leaving_anything_in_it(
    sqlite_database: Database, context: Context, folder: PortalRow, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    assert portal_settings.check_portal(sqlite_database, context, folder).answers
    assert sorted(tmp_path.iterdir()) == before
    away = portal_settings.check_portal(
        sqlite_database, context, replace(folder, address=str(tmp_path / "absent"))
    )
    assert not away.answers
    assert "n’est pas accessible" in away.sentence


def test_a_server_is_tried_with_the_token_of_the_keyring(
    sqlite_database: Database, context: Context, drawer: Drawer, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(
        "/api/exchange", headers={"Authorization": f"Bearer {TOKEN}"}
    ).respond_with_data("", status=204)
    portal = PortalRow("famille", "Famille", False, httpserver.url_for("/api"))
    without = portal_settings.check_portal(sqlite_database, context, portal)
    assert (without.answers, "jeton" in without.sentence) == (False, True)
    assert portal_settings.keep_token(
        sqlite_database, context, KeepToken("famille", portal.address, f" {TOKEN} ")
    )
    assert portal_settings.check_portal(sqlite_database, context, portal).answers
    with sqlite_database.reading() as session:
        entry = session.scalars(select(Journal).where(Journal.action == "portal.token")).one()
        assert TOKEN not in entry.summary


def test_a_token_the_portal_does_not_know_is_said(
    sqlite_database: Database, context: Context, drawer: Drawer, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/api/exchange").respond_with_data("", status=401)
    portal = PortalRow("famille", "Famille", False, httpserver.url_for("/api"))
    portal_settings.keep_token(sqlite_database, context, KeepToken("famille", portal.address, "faux"))
    found = portal_settings.check_portal(sqlite_database, context, portal)
    assert (found.answers, "refuse le jeton" in found.sentence) == (False, True)


def test_without_a_keyring_the_token_is_not_kept(sqlite_database: Database, context: Context) -> None:
    asked = KeepToken("famille", "https://portail.exemple.fr", TOKEN)
    assert portal_settings.keep_token(sqlite_database, context, asked) is False
    with pytest.raises(UserError):
        portal_settings.keep_token(sqlite_database, context, replace(asked, token=" "))


def test_only_an_administrator_sets_portals(
    sqlite_database: Database, context: Context, folder: PortalRow
) -> None:
    agent = Context(Actor("zoe", "Zoé", frozenset({Role.AGENT})), context.now)
    with pytest.raises(PermissionDenied):
        save(sqlite_database, agent, folder)
    with pytest.raises(PermissionDenied):
        portal_settings.check_portal(sqlite_database, agent, folder)
    with pytest.raises(PermissionDenied):
        portal_settings.keep_token(sqlite_database, agent, KeepToken("famille", folder.address, TOKEN))
