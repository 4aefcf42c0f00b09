"""The accounts as an administrator keeps them: who may come in, with which roles, and who did what to them."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import select

from guichet.models.database import Database
from guichet.models.settings import Journal, JournalDetail
from guichet.rules.errors import PermissionDenied, StaleVersion, UserError
from guichet.rules.permissions import Permission, Role
from guichet.services import accounts, transaction, users
from guichet.services.accounts import Credentials, NewAccount
from guichet.services.transaction import Actor, Context
from guichet.services.users import ChangeUser, SetActive, SetPassword, Unlock, UserRow

PASSWORD, OTHER = "Guichet2026", "Nouveau2027"


def opened(
    database: Database, context: Context, login: str, *roles: Role, password: str | None = PASSWORD
) -> None:
    transaction.run(
        database, context, accounts.create, NewAccount(login, login.title(), frozenset(roles), password)
    )


def user(database: Database, context: Context, login: str) -> UserRow:
    return transaction.read(database, context, users.find_user, login)


@pytest.fixture
def two_administrators(database: Database, context: Context) -> Database:
    opened(database, context, "chef", Role.ADMINISTRATOR)
    opened(database, context, "adjointe", Role.ADMINISTRATOR, Role.AGENT)
    return database


def test_accounts_are_listed_those_that_may_come_in_first(database: Database, context: Context) -> None:
    opened(database, context, "zoe", Role.AGENT)
    opened(database, context, "anne", Role.FINANCE, password=None)
    opened(database, context, "marc", Role.AGENT)
    marc = user(database, context, "marc")
    transaction.run(database, context, users.set_active, SetActive(marc.user_id, marc.version, active=False))
    listed = transaction.read(database, context, users.list_users, None)
    assert [(row.login, row.active, row.has_password) for row in listed] == [
        ("anne", True, False),
        ("zoe", True, True),
        ("marc", False, True),
    ]


def test_new_roles_hold_at_the_next_sign_in(database: Database, context: Context) -> None:
    opened(database, context, "zoe", Role.AGENT)
    zoe = user(database, context, "zoe")
    command = ChangeUser(zoe.user_id, zoe.version, " Zoé Prat ", frozenset({Role.FINANCE}))
    changed = transaction.run(database, context, users.change, command)
    assert (changed.display_name, changed.roles) == ("Zoé Prat", frozenset({Role.FINANCE}))
    actor = accounts.sign_in(database, context, Credentials("zoe", PASSWORD))
    assert Context(actor, context.now).may(Permission.ISSUE_INVOICES)
    assert not Context(actor, context.now).may(Permission.DECIDE_REQUESTS)


@pytest.mark.parametrize(
    ("name", "roles", "field"),
    [
        ("Zoé", frozenset(), "roles"),
        ("  ", frozenset({Role.AGENT}), "display_name"),
        ("x" * 241, frozenset({Role.AGENT}), "display_name"),
    ],
)
def test_an_account_has_a_name_and_a_role(
    database: Database, context: Context, name: str, roles: frozenset[Role], field: str
) -> None:
    opened(database, context, "zoe", Role.AGENT)
    zoe = user(database, context, "zoe")
    with pytest.raises(UserError) as refusal:
        transaction.run(database, context, users.change, ChangeUser(zoe.user_id, zoe.version, name, roles))
    assert refusal.value.field == field
    assert user(database, context, "zoe") == zoe


def test_a_disabled_account_stays_out_until_it_is_enabled_again(database: Database, context: Context) -> None:
    opened(database, context, "zoe", Role.AGENT)
    zoe = user(database, context, "zoe")
    out = transaction.run(
        database, context, users.set_active, SetActive(zoe.user_id, zoe.version, active=False)
    )
    with pytest.raises(UserError, match="Identifiant ou mot de passe inconnu"):
        accounts.sign_in(database, context, Credentials("zoe", PASSWORD))
    transaction.run(database, context, users.set_active, SetActive(out.user_id, out.version, active=True))
    assert accounts.sign_in(database, context, Credentials("zoe", PASSWORD)).login == "zoe"


def test_the_last_administrator_stays(two_administrators: Database, context: Context) -> None:
    database = two_administrators
    first, second = (user(database, context, login) for login in ("chef", "adjointe"))
    transaction.run(
        database, context, users.set_active, SetActive(first.user_id, first.version, active=False)
    )
    with pytest.raises(UserError) as disabling:
        transaction.run(
            database, context, users.set_active, SetActive(second.user_id, second.version, active=False)
        )
    command = ChangeUser(second.user_id, second.version, "Adjointe", frozenset({Role.AGENT}))
    with pytest.raises(UserError) as demoting:
        transaction.run(database, context, users.change, command)
    assert {disabling.value.code, demoting.value.code} == {"last_administrator"}
    kept = user(database, context, "adjointe")
    assert (kept.active, Role.ADMINISTRATOR in kept.roles) == (True, True)


def test_an_administrator_without_password_does_not_count_as_another(
    database: Database, context: Context
) -> None:
    opened(database, context, "chef", Role.ADMINISTRATOR)
    opened(database, context, "console", Role.ADMINISTRATOR, password=None)
    chef = user(database, context, "chef")
    with pytest.raises(UserError, match="dernier compte d’administration"):
        transaction.run(
            database, context, users.set_active, SetActive(chef.user_id, chef.version, active=False)
        )


def test_nobody_disables_the_account_they_work_with(two_administrators: Database, context: Context) -> None:
    actor = accounts.sign_in(two_administrators, context, Credentials("chef", PASSWORD))
    at_work = Context(actor, context.now)
    chef = user(two_administrators, at_work, "chef")
    with pytest.raises(UserError) as refusal:
        transaction.run(
            two_administrators, at_work, users.set_active, SetActive(chef.user_id, chef.version, active=False)
        )
    assert refusal.value.code == "own_account"


def test_a_new_password_replaces_the_former_and_unlocks(database: Database, context: Context) -> None:
    opened(database, context, "zoe", Role.AGENT)
    for _ in range(accounts.ATTEMPTS_BEFORE_LOCK):
        with pytest.raises(UserError):
            accounts.sign_in(database, context, Credentials("zoe", "faux"))
    zoe = user(database, context, "zoe")
    assert zoe.locked_until is not None
    with pytest.raises(UserError) as weak:
        transaction.run(
            database, context, users.set_password, SetPassword(zoe.user_id, zoe.version, "motdepasse")
        )
    assert weak.value.field == "password"
    transaction.run(database, context, users.set_password, SetPassword(zoe.user_id, zoe.version, OTHER))
    assert accounts.sign_in(database, context, Credentials("zoe", OTHER)).login == "zoe"
    with pytest.raises(UserError):
        accounts.sign_in(database, context, Credentials("zoe", PASSWORD))


def test_unlocking_lets_the_owner_try_again_at_once(database: Database, context: Context) -> None:
    opened(database, context, "zoe", Role.AGENT)
    for _ in range(accounts.ATTEMPTS_BEFORE_LOCK):
        with pytest.raises(UserError):
            accounts.sign_in(database, context, Credentials("zoe", "faux"))
    zoe = user(database, context, "zoe")
    transaction.run(database, context, users.unlock, Unlock(zoe.user_id, zoe.version))
    assert accounts.sign_in(database, context, Credentials("zoe", PASSWORD)).login == "zoe"


def test_a_lock_that_has_run_out_is_not_shown(database: Database, context: Context) -> None:
    opened(database, context, "zoe", Role.AGENT)
    for _ in range(accounts.ATTEMPTS_BEFORE_LOCK):
        with pytest.raises(UserError):
            accounts.sign_in(database, context, Credentials("zoe", "faux"))
    later = replace(context, now=context.now + accounts.LOCK)
    assert user(database, later, "zoe").locked_until is None


def test_the_second_of_two_administrators_is_told_who_was_first(database: Database, context: Context) -> None:
    opened(database, context, "zoe", Role.AGENT)
    zoe = user(database, context, "zoe")
    first = ChangeUser(zoe.user_id, zoe.version, "Zoé Prat", frozenset({Role.FINANCE}))
    transaction.run(database, context, users.change, first)
    second = ChangeUser(zoe.user_id, zoe.version, "Zoé", frozenset({Role.AGENT}))
    with pytest.raises(StaleVersion, match=r"admin, le 18/03/2026 à 09:00 \(Compte zoe modifié\)"):
        transaction.run(database, context, users.change, second)
    assert user(database, context, "zoe").display_name == "Zoé Prat"


def test_each_act_is_journalled_with_before_and_after_and_never_a_password(
    database: Database, context: Context
) -> None:
    opened(database, context, "zoe", Role.AGENT)
    zoe = user(database, context, "zoe")
    zoe = transaction.run(
        database,
        context,
        users.change,
        ChangeUser(zoe.user_id, zoe.version, "Zoé", frozenset({Role.FINANCE})),
    )
    zoe = transaction.run(database, context, users.set_password, SetPassword(zoe.user_id, zoe.version, OTHER))
    transaction.run(database, context, users.set_active, SetActive(zoe.user_id, zoe.version, active=False))
    with database.reading() as session:
        entries = session.execute(
            select(Journal.action, Journal.summary, JournalDetail.detail)
            .join(JournalDetail, JournalDetail.journal_id == Journal.id)
            .where(Journal.subject_kind == "user_account", Journal.subject_id == zoe.user_id)
            .order_by(Journal.id)
        ).all()
    assert [entry.action for entry in entries] == [
        "account.create",
        "account.change",
        "account.password",
        "account.disable",
    ]
    changed = json.loads(entries[1].detail)
    assert (changed["before"]["roles"], changed["after"]["roles"]) == (["agent"], ["finance"])
    assert not any(
        word in entry.detail + entry.summary for entry in entries for word in (PASSWORD, OTHER, "argon2")
    )


def test_only_an_administrator_keeps_the_accounts(database: Database, context: Context) -> None:
    opened(database, context, "zoe", Role.AGENT)
    zoe = user(database, context, "zoe")
    agent = Context(Actor("zoe", "Zoé", frozenset({Role.AGENT})), context.now)
    with pytest.raises(PermissionDenied):
        transaction.read(database, agent, users.list_users, None)
    with pytest.raises(PermissionDenied):
        transaction.run(database, agent, users.set_password, SetPassword(zoe.user_id, zoe.version, OTHER))


def test_two_administrators_who_disable_each_other_at_once_leave_one(
    two_administrators: Database, context: Context
) -> None:
    database = two_administrators
    rows = [user(database, context, login) for login in ("chef", "adjointe")]
    start = Barrier(2)

    def disable(row: UserRow) -> str:
        command = SetActive(row.user_id, row.version, active=False)
        start.wait()
        try:
            transaction.run(database, context, users.set_active, command)
        except UserError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(disable, rows))
    assert outcomes == ["done", "last_administrator"]
    assert sum(row.active for row in transaction.read(database, context, users.list_users, None)) == 1
