"""The accounts from a terminal: opened, given roles and passwords, closed; the last administrator stays."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import URL

from guichet.cli import run

Call = Callable[..., tuple[int, Any]]
PASSWORD = "Guichet2026"


@pytest.fixture
def guichet(
    sqlite_url: Callable[[], URL], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Call:
    """Run one command line; `typed` is what the person types when a password is asked, twice."""
    address = sqlite_url().render_as_string(hide_password=False)

    def call(*arguments: str, typed: str = PASSWORD) -> tuple[int, Any]:
        monkeypatch.setattr("getpass.getpass", lambda *_args, **_kwargs: typed)
        capsys.readouterr()
        code = run(["--database", address, "--now", "2026-03-18T09:00", "--json", *arguments])
        printed = capsys.readouterr()
        return code, json.loads(printed.out or printed.err)

    return call


def logins(guichet: Call) -> dict[str, bool]:
    return {row["login"]: row["active"] for row in guichet("user", "list")[1]}


def test_an_account_from_its_opening_to_its_closing(guichet: Call) -> None:
    assert guichet("user", "create", "Chef", "--name", "Dominique", "--role", "administrator")[0] == 0
    code, zoe = guichet("user", "create", "zoe", "--role", "agent", "--role", "finance")
    assert (code, zoe["roles"], zoe["has_password"]) == (0, ["agent", "finance"], True)
    assert guichet("user", "roles", "zoe", "--role", "agent")[1]["roles"] == ["agent"]
    assert guichet("user", "disable", "zoe")[0] == 0
    assert logins(guichet) == {"chef": True, "zoe": False}
    assert guichet("user", "enable", "ZOE")[0] == 0
    assert guichet("user", "unlock", "zoe")[0] == 0
    assert logins(guichet) == {"chef": True, "zoe": True}


def test_the_last_administrator_is_not_disabled(guichet: Call) -> None:
    guichet("user", "create", "chef", "--role", "administrator")
    code, refusal = guichet("user", "disable", "chef")
    assert code == 1
    assert "dernier compte d’administration" in json.dumps(refusal, ensure_ascii=False)
    assert logins(guichet) == {"chef": True}


def test_a_weak_password_an_unknown_role_and_an_unknown_login_are_user_errors(guichet: Call) -> None:
    assert guichet("user", "create", "zoe", "--role", "agent", typed="court")[0] == 1
    assert guichet("user", "create", "zoe", "--role", "maire")[0] == 1
    assert guichet("user", "password", "personne")[0] == 1
    assert logins(guichet) == {}


def test_an_account_for_the_command_line_needs_no_password(guichet: Call) -> None:
    assert (
        guichet("user", "create", "console", "--role", "agent", "--no-password")[1]["has_password"] is False
    )
    assert guichet("user", "password", "console")[1]["has_password"] is True
