"""What every mapped class shares: names of constraints, column types, the columns each row carries."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class TZDateTime(TypeDecorator[datetime]):
    """An instant, kept in UTC. SQLite stores no zone, so a naive value is refused rather than guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def stored(values: type[StrEnum], *, name: str | None = None) -> Enum:
    """A StrEnum stored as its value, with a CHECK in the database on both engines."""
    return Enum(
        values,
        name=name or _snake(values.__name__),
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


def _snake(name: str) -> str:
    return "".join(
        f"_{char.lower()}" if char.isupper() and position else char.lower()
        for position, char in enumerate(name)
    )


ROW_ID = BigInteger().with_variant(Integer, "sqlite")

Key = Annotated[int, mapped_column(ROW_ID, primary_key=True)]
Cents = Annotated[int, mapped_column(BigInteger)]
Code = Annotated[str, mapped_column(String(60))]
Label = Annotated[str, mapped_column(String(240))]
Instant = Annotated[datetime, mapped_column(TZDateTime)]


class Base(DeclarativeBase):
    """Root of the mapped classes: every table has `id` and `created_at`."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)

    id: Mapped[Key]
    created_at: Mapped[Instant] = mapped_column(
        default=lambda: datetime.now(UTC), server_default=text("CURRENT_TIMESTAMP")
    )


class Versioned:
    """Mixin of rows that two desks may touch: an update that lost the race raises StaleDataError."""

    version: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"))

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 (SQLAlchemy calls it with the class)
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]
