"""Runs the migrations on the connection that `guichet.models.schema` hands over."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from guichet.models import Base


def _is_ours(thing: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    # Exclusion constraints belong to guards.py; PostgreSQL shows their index as one the models do not know.
    return not (kind == "index" and name is not None and name.startswith("ex_"))


connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    compare_server_default=False,
    include_object=_is_ours,
)
context.run_migrations()
