"""What agents type for a date, an hour, an amount or a number, and the sentence when it cannot be."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.deadlines import WEEKDAYS
from guichet.rules.errors import UserError
from guichet.rules.money import format_euros, parse_euros
from guichet.rules.text import format_date
from guichet.rules.typed_dates import MONTHS, day_in_words, read_date, read_time, shift_months
from guichet.rules.typed_numbers import read_whole, write_whole

WEDNESDAY = date(2026, 3, 18)
DAYS = st.dates(date(1950, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("23/03/2026", date(2026, 3, 23)),
        ("23/3", date(2026, 3, 23)),
        ("5/1", date(2026, 1, 5)),
        ("23.03.26", date(2026, 3, 23)),
        ("23-03-2026", date(2026, 3, 23)),
        ("2026-03-23", date(2026, 3, 23)),
        ("2303", date(2026, 3, 23)),
        ("230326", date(2026, 3, 23)),
        ("23032026", date(2026, 3, 23)),
        ("120385", date(1985, 3, 12)),
        ("demain", date(2026, 3, 19)),
        ("Hier", date(2026, 3, 17)),
        ("aujourd’hui", WEDNESDAY),
        ("aujourd'hui", WEDNESDAY),
        ("après-demain", date(2026, 3, 20)),
        ("APRES DEMAIN", date(2026, 3, 20)),
        ("avant-hier", date(2026, 3, 16)),
        ("lun. 23", date(2026, 3, 23)),
        ("lundi 23", date(2026, 3, 23)),
        ("lundi 23 mars", date(2026, 3, 23)),
        ("lundi 23/03/2026", date(2026, 3, 23)),
        ("mar. 24", date(2026, 3, 24)),
        ("vendredi 6", date(2026, 3, 6)),
        ("lundi 6", date(2026, 4, 6)),
        ("lundi", date(2026, 3, 23)),
        ("lundi prochain", date(2026, 3, 23)),
        ("lundi dernier", date(2026, 3, 16)),
        ("mercredi", date(2026, 3, 25)),
        ("mercredi dernier", date(2026, 3, 11)),
        ("23", date(2026, 3, 23)),
        ("1er", date(2026, 3, 1)),
        ("23 mars", date(2026, 3, 23)),
        ("le 1er avril", date(2026, 4, 1)),
        ("4 févr.", date(2026, 2, 4)),
        ("4 aout", date(2026, 8, 4)),
        ("23 mars 2027", date(2027, 3, 23)),
        ("+3", date(2026, 3, 21)),
        ("J+3", date(2026, 3, 21)),
        ("-2", date(2026, 3, 16)),
        ("+2 semaines", date(2026, 4, 1)),
        ("fin mars", date(2026, 3, 31)),
        ("fin du mois", date(2026, 3, 31)),
        ("fin du mois prochain", date(2026, 4, 30)),
        ("fin février 2028", date(2028, 2, 29)),
        ("début avril", date(2026, 4, 1)),
    ],
)
def test_what_an_agent_types_on_a_wednesday_of_march(typed: str, meant: date) -> None:
    assert read_date(typed, WEDNESDAY) == meant
    assert read_date(f"  {typed.upper()} ", WEDNESDAY) == meant


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("31/04", "Le 31/04 n’existe pas\u00a0: avril a 30 jours."),
        ("31/04/2026", "Le 31/04 n’existe pas\u00a0: avril a 30 jours."),
        ("32", "Le 32/03 n’existe pas\u00a0: mars a 31 jours."),
        ("0/3", "Le 00/03 n’existe pas\u00a0: mars a 31 jours."),
        ("29/02/2026", "Le 29/02/2026 n’existe pas\u00a0: février 2026 a 28 jours."),
        ("12/13", "Le mois 13 n’existe pas\u00a0: une année a 12 mois."),
        ("mardi 23", "Le 23/03/2026 est un lundi."),
        ("jeudi 23", "Le 23/03/2026 est un lundi."),
        ("mardi 23 mars", "Le 23/03/2026 est un lundi."),
        ("mardi 23/03/2026", "Le 23/03/2026 est un lundi."),
        ("3 jui", "«\u00a0jui\u00a0» peut être juin ou juillet\u00a0: écrivez le mot entier."),
    ],
)
def test_a_day_that_cannot_be_is_said_in_words(typed: str, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        read_date(typed, WEDNESDAY)
    assert refused.value.message == sentence


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "date_unreadable"),
        ("mars", "date_unreadable"),
        ("bientôt", "date_unreadable"),
        ("fin", "date_unreadable"),
        ("lundi prochain matin", "date_unreadable"),
        ("23/03/2026 14:30", "date_unreadable"),
        ("1/2/3/4", "date_unreadable"),
        ("²3/03", "date_unreadable"),
        ("123", "date_ambiguous"),
        ("23/03/226", "date_unknown"),
        ("23/03/0226", "date_unknown"),
        ("23/03/9999", "date_unknown"),
        ("+9999 semaines", "date_unknown"),
    ],
)
def test_what_is_not_a_date_or_could_be_several_is_refused(typed: str, code: str) -> None:
    with pytest.raises(UserError) as refused:
        read_date(typed, WEDNESDAY)
    assert refused.value.code == code


def test_the_month_and_the_year_left_out_follow_the_bounds() -> None:
    new_year = date(2027, 1, 4)
    assert read_date("31/12", new_year, latest=new_year) == date(2026, 12, 31)
    assert read_date("28", new_year, latest=new_year) == date(2026, 12, 28)
    assert read_date("31/12", new_year) == date(2027, 12, 31)
    autumn = date(2026, 11, 20)
    assert read_date("5/1", autumn, earliest=autumn) == date(2027, 1, 5)
    assert read_date("6", autumn, earliest=autumn) == date(2026, 12, 6)
    assert read_date("fin février", autumn, earliest=autumn) == date(2027, 2, 28)
    assert read_date("lundi", autumn, latest=autumn) == date(2026, 11, 16)
    assert read_date("12/03/35", autumn, latest=autumn) == date(1935, 3, 12)


def test_a_day_out_of_bounds_says_the_last_or_the_first_allowed() -> None:
    with pytest.raises(UserError, match="au plus tard le 18/03/2026"):
        read_date("demain", WEDNESDAY, latest=WEDNESDAY)
    with pytest.raises(UserError, match="au plus tôt le 18/03/2026"):
        read_date("hier", WEDNESDAY, earliest=WEDNESDAY)


@given(day=DAYS, today=DAYS)
def test_a_whole_date_means_itself_whatever_today(day: date, today: date) -> None:
    for typed in (
        format_date(day),
        f"{day.day}.{day.month}.{day.year}",
        f"{day:%d%m%Y}",
        day.isoformat(),
        day_in_words(day),
        f"{WEEKDAYS[day.weekday()][:3]}. {format_date(day)}",
        f"{day.day} {MONTHS[day.month - 1].upper()} {day.year}",
    ):
        assert read_date(typed, today) == day


@given(day=DAYS, today=DAYS)
def test_another_weekday_than_the_date_s_is_always_refused(day: date, today: date) -> None:
    wrong = WEEKDAYS[(day.weekday() + 1) % 7]
    with pytest.raises(UserError, match=f"est un {WEEKDAYS[day.weekday()]}"):
        read_date(f"{wrong} {format_date(day)}", today)


@given(today=DAYS, weekday=st.integers(0, 6))
def test_a_weekday_is_the_next_one_and_never_today(today: date, weekday: int) -> None:
    coming = read_date(WEEKDAYS[weekday], today)
    assert coming.weekday() == weekday
    assert timedelta(1) <= coming - today <= timedelta(7)
    gone = read_date(f"{WEEKDAYS[weekday]} dernier", today)
    assert gone.weekday() == weekday
    assert timedelta(1) <= today - gone <= timedelta(7)


@given(today=DAYS, away=st.integers(-20, 20))
def test_a_near_day_named_with_its_weekday_is_found(today: date, away: int) -> None:
    """« lundi 6 »: the day to come or the day just gone, whichever is a Monday."""
    day = today + timedelta(away)
    found = read_date(f"{WEEKDAYS[day.weekday()]} {day.day}", today)
    assert (found.day, found.weekday()) == (day.day, day.weekday())
    if away >= 0:
        assert found == day


@given(text=st.text(max_size=20) | st.from_regex(r"[0-9a-zéû /.+-]{1,14}", fullmatch=True), today=DAYS)
def test_whatever_is_typed_is_a_date_within_bounds_or_a_french_sentence(text: str, today: date) -> None:
    earliest, latest = today - timedelta(400), today + timedelta(400)
    assert within(text, today, earliest, latest)


def within(text: str, today: date, earliest: date, latest: date) -> bool:
    try:
        return earliest <= read_date(text, today, earliest=earliest, latest=latest) <= latest
    except UserError as refused:
        return refused.message.endswith(".")


def test_a_month_further_keeps_the_day_where_it_exists() -> None:
    assert shift_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert shift_months(date(2026, 1, 15), -1) == date(2025, 12, 15)
    assert shift_months(date(2026, 12, 31), 2) == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("13:00", time(13)),
        ("13h", time(13)),
        ("8h30", time(8, 30)),
        ("8 H 30", time(8, 30)),
        ("1330", time(13, 30)),
        ("830", time(8, 30)),
        ("9", time(9)),
        ("08.30", time(8, 30)),
    ],
)
def test_a_clock_time_as_typed(typed: str, meant: time) -> None:
    assert read_time(typed) == meant


@pytest.mark.parametrize("typed", ["", "24:00", "12:60", "midi", "8h5", "8:30:00", "١٢:٠٠"])
def test_what_is_no_clock_time_is_refused(typed: str) -> None:
    with pytest.raises(UserError):
        read_time(typed)


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("12,5", 1250),
        ("1 234,50 €", 123450),
        ("1\u202f234,50\u00a0€", 123450),
        ("12.50", 1250),
        ("12€50", 1250),
        ("12 €", 1200),
        ("12 euros", 1200),
        (",50", 50),
        ("12,", 1200),
        ("0,10", 10),
        ("12,300", 1230),
        ("-3,20", -320),
        ("−3,20", -320),
    ],
)
def test_an_amount_as_typed(typed: str, cents: int) -> None:
    assert parse_euros(typed) == cents


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "€",
        ",",
        "douze",
        "1e3",
        "1_000",
        "12,345",
        "1,234.50",
        "1 2",
        "1 23",
        "NaN",
        "١٢",
        "9" * 40,
        "1.234",
    ],
)
def test_what_could_be_another_amount_is_refused(typed: str) -> None:
    with pytest.raises(UserError):
        parse_euros(typed)


@given(cents=st.integers(-99_999_999_999, 99_999_999_999))
def test_an_amount_as_shown_is_read_back_to_the_cent(cents: int) -> None:
    assert parse_euros(format_euros(cents)) == cents


@given(number=st.integers(0, 999_999_999))
def test_a_whole_number_as_shown_is_read_back(number: int) -> None:
    assert read_whole(write_whole(number)) == read_whole(str(number)) == number


@pytest.mark.parametrize("typed", ["", "12,5", "-3", "1e3", "douze", "²", "1 2"])
def test_what_is_no_whole_number_is_refused(typed: str) -> None:
    with pytest.raises(UserError):
        read_whole(typed)


def test_a_number_out_of_range_says_the_range() -> None:
    with pytest.raises(UserError, match="plus grand nombre accepté est 1\u202f200"):
        read_whole("1201", most=1200)
    with pytest.raises(UserError, match="plus petit nombre accepté est 1"):
        read_whole("0", least=1)
