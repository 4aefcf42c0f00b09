"""The journal from a terminal: filtered as on screen, an entry with its before and after, refusals in a sentence."""

import json
from typing import Any

import pytest
from sqlalchemy.engine import URL

from guichet.cli import run
from guichet.models.database import open_database
from guichet.services import settings, transaction
from guichet.services.transaction import Context
from tests.services import request_town


@pytest.fixture
def base(sqlite_url: Any, context: Context) -> URL:
    """A town whose telephone was changed twice."""
    url: URL = sqlite_url()
    database = open_database(url)
    request_town.build(database)
    for phone in ("04 79 00 00 00", "04 79 11 11 11"):
        transaction.run(database, context, settings.change, {"town.phone": phone})
    database.dispose()
    return url


def _call(base: URL, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = run(["--database", str(base), "journal", *arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_latest_first_as_json_and_in_french(base: URL, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _call(base, capsys, "--json", "--act", "setting", "--limit", "1")
    value = json.loads(out)
    assert (code, value["total"], len(value["entries"])) == (0, 2, 1)
    assert value["entries"][0]["act"] == "Réglages modifiés"
    entry_id = value["entries"][0]["entry_id"]
    code, out, _ = _call(base, capsys, str(entry_id))
    assert code == 0
    assert "18/03/2026 à 09:00" in out
    assert "≠ Téléphone\u00a0: 04 79 00 00 00 → 04 79 11 11 11" in out


def test_what_cannot_be_read_is_refused_in_a_sentence(base: URL, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in (
        (("--act", "rien"), "n’est pas une sorte d’actes"),
        (("--since", "hier"), "n’est pas une date"),
        (("--family", "404"), "Il n’y a pas de famille"),
        (("999",), "n’existe pas"),
    ):
        code, _, error = _call(base, capsys, *arguments)
        assert (code, said in error) == (1, True)


def test_a_family_without_any_act_has_an_empty_journal(base: URL, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _call(base, capsys, "--json", "--family", "1001")
    assert (code, json.loads(out)["total"]) == (0, 0)
