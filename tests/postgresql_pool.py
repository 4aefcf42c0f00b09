"""Migrated PostgreSQL bases handed from one test to the next: emptying one costs a tenth of making another."""

from contextlib import suppress

import psycopg
from psycopg import sql

from tests.postgresql_server import PostgresqlServer

# All that a test could have changed besides rows: tables, columns, constraints, triggers and whether they are on.
FINGERPRINT = """
SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
    SELECT 'class' || oid || relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'column' || attrelid || attname || atttypid || attnotnull FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL SELECT 'constraint' || oid FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger' || oid || tgenabled::text FROM pg_trigger
    UNION ALL SELECT 'function' || oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'revision' || version_num FROM alembic_version
) AS parts(part)
"""


class PostgresqlPool:
    """Copies of one migrated, empty base."""

    def __init__(self, server: PostgresqlServer, template: str) -> None:
        self.server = server
        self.template = template
        with self._connect(template) as connection:
            self._fingerprint = connection.execute(FINGERPRINT).fetchone()
            self._tables = [
                str(row[0])
                for row in connection.execute(
                    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
                )
            ]
        self._clean: list[str] = []

    def take(self) -> str:
        """The name of a migrated, empty base."""
        return self._clean.pop() if self._clean else self.server.create(self.template)

    def give_back(self, name: str) -> None:
        """Empty the base for the next test; one whose schema was touched, or that is gone, is dropped instead."""
        with suppress(psycopg.Error):
            if self._emptied(name):
                self._clean.append(name)
                return
        self.server.drop(name)

    def _emptied(self, name: str) -> bool:
        with self._connect(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if connection.execute(FINGERPRINT).fetchone() != self._fingerprint:
                return False
            connection.execute("SET session_replication_role = replica")  # frozen rows go too
            filled = [row[0] for row in connection.execute(self._filled_tables())]
            for table in filled:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            if filled:
                connection.execute(
                    sql.SQL("VACUUM {}").format(sql.SQL(", ").join(map(sql.Identifier, filled)))
                )
            connection.execute("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'")
            return True

    def _filled_tables(self) -> sql.Composed:
        return sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(
                sql.Literal(table), sql.Identifier(table)
            )
            for table in self._tables
        )

    def _connect(self, name: str) -> "psycopg.Connection[tuple[object, ...]]":
        address = self.server.url(name).set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(address, autocommit=True)
