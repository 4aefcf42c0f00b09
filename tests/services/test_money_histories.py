"""Random months of a small town: whatever the clerks do, in whatever order, every cent is accounted for."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from guichet.models.database import Database, open_database
from guichet.models.money import PaymentMode
from guichet.services import attestations, invoices, payments, pricing, statements, transaction, verify_money
from guichet.services.attestations import IssueAttestations
from guichet.services.invoices import IssueInvoices
from guichet.services.payment_targets import Target
from guichet.services.payments import CancelPayment, RecordPayment
from guichet.services.pricing import PricePeriod
from guichet.services.statements import StatementQuery
from guichet.services.transaction import Context
from tests.services.billing_town import found

FIRST_DAY = date(2025, 11, 3)

ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("bill"), st.integers(0, 9), st.integers(5, 40)),
        st.tuples(st.just("price"), st.integers(0, 9), st.integers(5, 40)),
        st.tuples(st.just("pay"), st.integers(0, 1), st.integers(1, 900)),
        st.tuples(st.just("pay"), st.integers(0, 1), st.integers(500, 6000)),
        st.tuples(st.just("choose"), st.integers(0, 1), st.integers(1, 6000)),
        st.tuples(st.just("cancel"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("excuse"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("tariff"), st.integers(0, 1), st.integers(1, 2500)),
        st.tuples(st.just("wait"), st.just(0), st.integers(1, 30)),
        st.tuples(st.just("attest"), st.sampled_from([2025, 2026]), st.just(0)),
    ),
    min_size=8,
    max_size=20,
).map(
    lambda acts: [("bill", 0, 20), ("pay", 0, 700), ("wait", 0, 25), ("pay", 0, 700), *acts, ("wait", 0, 30)]
)


class _Town:
    """Two families of one young child each, days of ALSH (a third eligible) and of canteen (not eligible)."""

    def __init__(self, database: Database, context: Context) -> None:
        self.database = database
        self.context = context
        self.today = date(2025, 12, 1)
        with database.writing() as session:
            town = found(session)
            town.single(town.alsh, 1003, eligible_mode="percentage", eligible_value=3333)
            town.single(town.canteen, 407, eligible_mode="none")
            for name in ("Martin", "Petit"):
                family = town.family(name)
                child = town.child(family)
                days = [FIRST_DAY + timedelta(days=2 * rank) for rank in range(15)]
                town.book(town.enrol(family, child, town.alsh), town.journee, *days)
                town.book(town.enrol(family, child, town.canteen), town.repas, *days[::3])
            self.families = [row.id for row in session.execute(text("SELECT id FROM family ORDER BY id"))]
        self.payments: list[int] = []
        self.cancelled: set[int] = set()
        self.money: Counter[int] = Counter()

    def _run(self, function: Callable[..., object], command: object) -> object:
        day = self.today
        context = replace(self.context, now=datetime(day.year, day.month, day.day, 10, tzinfo=UTC))
        return transaction.run(self.database, context, function, command)

    def act(self, kind: str, first: int, second: int) -> None:
        getattr(self, kind)(first, second)

    def bill(self, offset: int, length: int) -> None:
        start = FIRST_DAY + timedelta(days=3 * offset)
        self._run(invoices.issue, IssueInvoices(start, start + timedelta(days=length)))

    def price(self, offset: int, length: int) -> None:
        start = FIRST_DAY + timedelta(days=3 * offset)
        period = PricePeriod(start, start + timedelta(days=length))
        self._run(pricing.price_period, period)
        again = self._run(pricing.price_period, period)
        assert not again.changed  # type: ignore[attr-defined]

    def pay(self, family: int, cents: int, targets: tuple[Target, ...] = ()) -> None:
        family_id = self.families[family]
        command = RecordPayment(family_id, 1, PaymentMode.CASH, cents, self.today, targets=targets)
        result = self._run(payments.record, command)
        assert sum(share.amount for share in result.shares) + result.credit_cents == cents  # type: ignore[attr-defined]
        self.payments.append(result.payment_id)  # type: ignore[attr-defined]
        self.money[family_id] += cents

    def choose(self, family: int, cents: int) -> None:
        """Pay a charge that is not invoiced yet, as what is paid at once is."""
        with self.database.reading() as session:
            row = session.execute(
                text(
                    "SELECT c.id, c.amount_cents FROM charge c WHERE c.family_id = :family AND NOT EXISTS"
                    " (SELECT 1 FROM invoice_line l WHERE l.charge_id = c.id) AND NOT EXISTS"
                    " (SELECT 1 FROM allocation a WHERE a.charge_id = c.id) ORDER BY c.id LIMIT 1"
                ),
                {"family": self.families[family]},
            ).first()
        if row is not None:
            self.pay(family, min(cents, row.amount_cents), (Target(charge_id=row.id),))

    def cancel(self, rank: int, _: int) -> None:
        if rank < len(self.payments) and self.payments[rank] not in self.cancelled:
            payment_id = self.payments[rank]
            self._run(payments.cancel, CancelPayment(payment_id, "Erreur"))
            self.cancelled.add(payment_id)
            self._forget(payment_id)

    def _forget(self, payment_id: int) -> None:
        with self.database.reading() as session:
            row = session.execute(
                text("SELECT family_id, amount_cents FROM payment WHERE id = :id"), {"id": payment_id}
            ).one()
        self.money[row.family_id] -= row.amount_cents

    def excuse(self, rank: int, _: int) -> None:
        with self.database.writing() as session:
            session.execute(
                text("UPDATE booking SET attendance = 'absent_excused' WHERE id = :id"), {"id": rank + 1}
            )

    def tariff(self, rank: int, cents: int) -> None:
        with self.database.writing() as session:
            session.execute(
                text("UPDATE tariff SET amount_cents = :cents WHERE id = :id"),
                {"cents": cents, "id": rank + 1},
            )

    def wait(self, _: int, days: int) -> None:
        self.today += timedelta(days=days)

    def attest(self, year: int, _: int) -> None:
        if year > self.today.year:
            return
        first = self._run(attestations.issue, IssueAttestations(year))
        again = self._run(attestations.issue, IssueAttestations(year))
        assert [row.sha256 for row in again.attestations] == [  # type: ignore[attr-defined]
            row.sha256
            for row in first.attestations  # type: ignore[attr-defined]
        ]


def _check(town: _Town) -> None:
    years = range(2025, town.today.year + 1)
    for year in years:
        town.attest(year, 0)
    with town.database.reading() as session:
        for check in verify_money.CHECKS.values():
            assert list(check(session, town.context)) == []
        for family_id in town.families:
            assert (
                _cents(session, "SELECT sum(amount_cents) FROM payment WHERE family_id = :id", family_id)
                == (town.money[family_id])
            )
            invoiced = _cents(
                session, "SELECT sum(total_cents) FROM invoice WHERE family_id = :id", family_id
            )
            charged = _cents(session, "SELECT sum(amount_cents) FROM charge WHERE family_id = :id", family_id)
            whole = StatementQuery(family_id, year=town.today.year)
            view = transaction.read(town.database, town.context, statements.statement, whole)
            assert view.account.balance == invoiced - town.money[family_id]
            assert view.balances.account == invoiced - town.money[family_id]
            assert view.balances.with_uninvoiced == charged - town.money[family_id]
            _check_attested(session, town, family_id)


def _check_attested(session: Session, town: _Town, family_id: int) -> None:
    """Over all years, what is attested is the eligible part of what was paid, charge by charge."""
    rows = session.execute(
        text(
            "SELECT c.amount_cents AS amount, c.eligible_cents AS eligible, sum(a.amount_cents) AS paid"
            " FROM charge c JOIN allocation a ON a.charge_id = c.id WHERE c.family_id = :id GROUP BY c.id"
        ),
        {"id": family_id},
    )
    worth = sum((2 * row.eligible * int(row.paid) + row.amount) // (2 * row.amount) for row in rows)
    attested = _cents(
        session,
        "SELECT sum(t.amount_cents) FROM attestation t WHERE t.family_id = :id"
        " AND NOT EXISTS (SELECT 1 FROM attestation n WHERE n.replaces_id = t.id)",
        family_id,
    )
    assert attested == worth


def _cents(session: Session, statement: str, family_id: int) -> int:
    return int(session.execute(text(statement), {"id": family_id}).scalar_one() or 0)


def _live(database: Database, context: Context, acts: list[tuple[str, int, int]]) -> None:
    try:
        town = _Town(database, context)
        for kind, first, second in acts:
            town.act(kind, first, second)
        _check(town)
    finally:
        database.dispose()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_every_cent_is_accounted_for(
    sqlite_url: Callable[[], URL], context: Context, acts: list[tuple[str, int, int]]
) -> None:
    _live(open_database(sqlite_url()), context, acts)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_every_cent_is_accounted_for_on_the_shared_base(
    pg_url: Callable[[], URL], context: Context, acts: list[tuple[str, int, int]]
) -> None:
    _live(open_database(pg_url()), context, acts)
