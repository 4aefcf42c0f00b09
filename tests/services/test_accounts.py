"""The door: right password, wrong password, locked account, weak password."""

from dataclasses import replace
from datetime import timedelta

import pytest

from guichet.models.database import Database
from guichet.rules.errors import UserError
from guichet.rules.permissions import Role
from guichet.services import accounts, transaction
from guichet.services.accounts import Credentials, NewAccount
from guichet.services.transaction import Context

PASSWORD = "Guichet2026"


@pytest.fixture
def agent(database: Database, context: Context) -> str:
    account = NewAccount("Claire", "Claire Petit", frozenset({Role.AGENT}), PASSWORD)
    transaction.run(database, context, accounts.create, account)
    return "claire"


def test_the_right_password_opens_whatever_the_case_of_the_login(
    database: Database, context: Context, agent: str
) -> None:
    actor = accounts.sign_in(database, context, Credentials(" CLAIRE ", PASSWORD))
    assert actor.login == agent
    assert actor.roles == {Role.AGENT}
    assert actor.user_id is not None


@pytest.mark.parametrize("login", ["claire", "personne"])
def test_a_wrong_password_and_an_unknown_login_are_told_alike(
    database: Database, context: Context, agent: str, login: str
) -> None:
    with pytest.raises(UserError, match="Identifiant ou mot de passe inconnu"):
        accounts.sign_in(database, context, Credentials(login, "faux"))


def test_five_wrong_passwords_lock_the_account_for_a_while(
    database: Database, context: Context, agent: str
) -> None:
    for _ in range(accounts.ATTEMPTS_BEFORE_LOCK):
        with pytest.raises(UserError):
            accounts.sign_in(database, context, Credentials(agent, "faux"))
    with pytest.raises(UserError, match="bloqué"):
        accounts.sign_in(database, context, Credentials(agent, PASSWORD))
    later = replace(context, now=context.now + accounts.LOCK)
    assert accounts.sign_in(database, later, Credentials(agent, PASSWORD)).login == agent


def test_the_lock_still_stands_just_before_its_end(database: Database, context: Context, agent: str) -> None:
    for _ in range(accounts.ATTEMPTS_BEFORE_LOCK):
        with pytest.raises(UserError):
            accounts.sign_in(database, context, Credentials(agent, "faux"))
    just_before = replace(context, now=context.now + accounts.LOCK - timedelta(seconds=1))
    with pytest.raises(UserError, match="bloqué"):
        accounts.sign_in(database, just_before, Credentials(agent, PASSWORD))


@pytest.mark.parametrize("weak", ["Court1A", "sansmajuscule1", "SANSMINUSCULE1", "SansChiffre"])
def test_a_weak_password_is_refused_with_the_rule(database: Database, context: Context, weak: str) -> None:
    with pytest.raises(UserError, match="8 caractères") as refusal:
        transaction.run(
            database, context, accounts.create, NewAccount("x", "X", frozenset({Role.AGENT}), weak)
        )
    assert refusal.value.field == "password"


def test_a_login_is_given_once(database: Database, context: Context, agent: str) -> None:
    with pytest.raises(UserError, match="déjà pris"):
        transaction.run(
            database, context, accounts.create, NewAccount("CLAIRE", "X", frozenset({Role.AGENT}), PASSWORD)
        )


def test_an_unknown_account_cannot_be_acted_for(database: Database, context: Context) -> None:
    with pytest.raises(UserError, match="pas de compte actif"):
        transaction.read(database, context, accounts.acting_as, "personne")
