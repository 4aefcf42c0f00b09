"""The bases that the tests are given: no test sees what another did."""

import pytest
from sqlalchemy import text

from guichet.models.database import Database, open_database
from tests.postgresql_pool import PostgresqlPool

INSERT = (
    "INSERT INTO journal (happened_at, login, workstation, action, subject_kind, summary, digest) "
    "VALUES ('2026-03-18 08:00:00', 'admin', 'poste-1', 'test', 'test', 'essai', 'd')"
)


def opened(pool: PostgresqlPool, name: str) -> Database:
    return open_database(pool.server.url(name))


def test_a_base_given_back_is_empty_and_counts_from_one_again(postgresql_pool: PostgresqlPool) -> None:
    name = postgresql_pool.take()
    database = opened(postgresql_pool, name)
    for _ in range(3):
        with database.writing() as session:
            session.execute(text(INSERT))
    forgotten = database.engine.connect()  # a test may leave a connection open, with its locks
    forgotten.execute(text("SELECT * FROM journal"))
    postgresql_pool.give_back(name)
    assert postgresql_pool.take() == name
    again = opened(postgresql_pool, name)
    with again.writing() as session:
        assert session.execute(text("SELECT count(*) FROM journal")).scalar() == 0
        assert session.execute(text(f"{INSERT} RETURNING id")).scalar() == 1
    with pytest.raises(Exception, match="guichet:frozen:journal"), again.writing() as session:
        session.execute(text("DELETE FROM journal"))
    again.dispose()
    forgotten.invalidate()
    forgotten.close()
    database.dispose()
    postgresql_pool.give_back(name)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE journal DISABLE TRIGGER USER",
        "ALTER TABLE facility ADD COLUMN remark text",
        "DROP TRIGGER frozen_journal ON journal",
        "CREATE TABLE of_a_test (id integer)",
        "UPDATE alembic_version SET version_num = '9999'",
    ],
)
def test_a_base_whose_schema_was_touched_is_given_to_nobody_else(
    postgresql_pool: PostgresqlPool, change: str
) -> None:
    name = postgresql_pool.take()
    database = opened(postgresql_pool, name)
    with database.writing() as session:
        session.execute(text(change))
    database.dispose()
    postgresql_pool.give_back(name)
    other = postgresql_pool.take()
    assert other != name
    postgresql_pool.give_back(other)
