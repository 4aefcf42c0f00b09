"""Bulk insertion: what single insertion would have written, ids in order, refusals told the same way."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guichet.models.database import Database
from guichet.models.money import Charge
from guichet.services.bulk import insert_rows
from tests.services.billing_town import found


def _rows(family_id: int, count: int) -> list[dict[str, object]]:
    trace = {"sentence": "Tarif « Été\t» : 3,05 €\n\\.", "value": None}
    return [
        {
            "family_id": family_id,
            "child_id": None,
            "date": date(2026, 3, 1 + rank),
            "label": f"Journée\\n°\t{rank}",
            "quantity": 1,
            "unit_cents": rank,
            "amount_cents": rank,
            "eligible_cents": 0,
            "trace": trace,
        }
        for rank in range(count)
    ]


def test_the_rows_are_those_given_and_their_ids_in_order(database: Database) -> None:
    with database.writing() as session:
        family_id = found(session).family().id
        first = insert_rows(session, Charge.__table__, _rows(family_id, 3))  # type: ignore[arg-type]
        second = insert_rows(session, Charge.__table__, _rows(family_id, 3))  # type: ignore[arg-type]
        session.add(Charge(**_rows(family_id, 1)[0]))  # one alone still finds a free id
    assert len({*first, *second}) == 6
    with database.reading() as session:
        found_rows = session.execute(select(Charge).order_by(Charge.id)).scalars().all()
        assert [(row.id, row.label, row.amount_cents) for row in found_rows[:3]] == [
            (row_id, f"Journée\\n°\t{rank}", rank) for rank, row_id in enumerate(first)
        ]
        assert {str(row.trace) for row in found_rows} == {str(_rows(1, 1)[0]["trace"])}
        assert {(row.version, row.origin.value, row.child_id) for row in found_rows} == {(1, "guichet", None)}


def test_nothing_is_nothing(database: Database) -> None:
    with database.writing() as session:
        assert insert_rows(session, Charge.__table__, []) == []  # type: ignore[arg-type]


def test_a_row_that_the_database_refuses_is_told_as_ever(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        insert_rows(session, Charge.__table__, _rows(999, 1))  # type: ignore[arg-type]
