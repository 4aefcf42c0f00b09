"""The statement of account of seed 002, to the cent and in its order, and what makes a previous balance."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.statement import (
    Operation,
    describe_credit_note,
    describe_invoice,
    describe_payment,
    describe_transfer,
    draw_up,
)

APRIL_8 = date(2015, 4, 8)
REGIE = "Régie garderie ALSH"
DUPONT = [
    Operation("AL-12", APRIL_8, describe_invoice(date(2015, 2, 1), date(2015, 3, 31)), REGIE, debit=24_320),
    Operation("AL-228", APRIL_8, describe_payment("Chèque"), REGIE, credit=24_320),
    Operation("AL-36", APRIL_8, describe_invoice(date(2015, 4, 1), date(2015, 4, 30)), REGIE, debit=12_060),
]


def test_the_statement_of_seed_002() -> None:
    account = draw_up(DUPONT, date(2014, 7, 5), date(2015, 7, 3))
    assert [(row.number, row.description, row.debit, row.credit) for row in account.operations] == [
        ("AL-36", "Facture : 01/04/2015 - 30/04/2015", 12_060, 0),
        ("AL-228", "Règlement : Chèque", 0, 24_320),
        ("AL-12", "Facture : 01/02/2015 - 31/03/2015", 24_320, 0),
    ]
    assert account.previous_balance == 0
    assert (account.total_debit, account.total_credit, account.balance) == (36_380, 24_320, 12_060)


def test_the_first_and_the_last_day_belong_to_the_period() -> None:
    account = draw_up(DUPONT, APRIL_8, APRIL_8)
    assert len(account.operations) == 3


def test_earlier_operations_make_the_previous_balance_and_later_ones_are_left_out() -> None:
    later = Operation("AL-40", date(2015, 9, 1), "Facture", REGIE, debit=999)
    account = draw_up([*DUPONT, later], date(2015, 4, 9), date(2015, 7, 3))
    assert (account.previous_balance, account.operations, account.balance) == (12_060, (), 12_060)


def test_a_title_credits_the_account() -> None:
    title = Operation("12", date(2015, 5, 4), describe_transfer("12"), REGIE, credit=12_060)
    account = draw_up([*DUPONT, title], date(2014, 7, 5), date(2015, 7, 3))
    assert account.operations[0].description == "Titre émis (ORMC n°12)"
    assert account.balance == 0


def test_a_credit_note_names_its_invoice() -> None:
    assert describe_credit_note("AL-36") == "Avoir sur facture AL-36"


OPERATIONS = st.lists(
    st.builds(
        Operation,
        number=st.integers(1, 999).map(lambda number: f"AL-{number}"),
        dated=st.dates(date(2013, 1, 1), date(2017, 12, 31)),
        description=st.just("Facture"),
        regie=st.just(REGIE),
        debit=st.integers(0, 50_000),
        credit=st.integers(0, 50_000),
    ),
    max_size=30,
)


@given(OPERATIONS)
def test_years_follow_one_another_without_losing_a_cent(operations: list[Operation]) -> None:
    balance = 0
    for year in range(2013, 2018):
        account = draw_up(operations, date(year, 1, 1), date(year, 12, 31))
        assert account.previous_balance == balance
        balance = account.balance
    assert balance == sum(operation.debit - operation.credit for operation in operations)
