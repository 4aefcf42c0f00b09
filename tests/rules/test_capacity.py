"""Places left and why; what bars a child from a slot."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.capacity import LiveBooking, PoolCount, find_doubles, places_left

WEDNESDAY = date(2026, 3, 25)
JOURNEE, MATIN, APRES_MIDI, REPAS = 1, 2, 3, 4
EXCLUSIVE = {JOURNEE: frozenset({MATIN, APRES_MIDI})}


def test_places_left_are_size_less_booked_less_held_less_waiting_ahead() -> None:
    found = places_left([PoolCount(1, 20, booked=15, held=2, ahead=1, label="Matin")])
    assert found.left == 2
    assert found.why == "Matin : capacité 20, 15 réservés, 2 offres en cours, 1 en attente avant"


def test_a_journee_has_what_its_tightest_half_has() -> None:
    matin, apres_midi = PoolCount(1, 20, booked=12), PoolCount(2, 20, booked=19)
    assert places_left([matin, apres_midi]).left == 1
    assert places_left([matin]).left == 8


def test_no_size_is_no_limit() -> None:
    assert places_left([]).is_free
    assert places_left([PoolCount(1, None, booked=500)]).left is None
    assert places_left([PoolCount(1, None, booked=500), PoolCount(2, 3, booked=3)]).left == 0


def test_an_overfull_pool_has_no_place_and_says_by_how_many() -> None:
    found = places_left([PoolCount(1, 10, booked=12)])
    assert (found.left, found.surplus, found.is_free) == (0, 2, False)


def test_a_size_of_zero_is_a_closed_door_not_an_open_one() -> None:
    assert not places_left([PoolCount(1, 0)]).is_free


@pytest.mark.parametrize("wrong", [{"size": -1}, {"size": 1, "booked": -1}, {"size": 1, "held": -1}])
def test_counts_start_from_zero(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="zero"):
        PoolCount(1, **wrong)


def booking(slot: int, *, day: date = WEDNESDAY, family: int = 1, start: time | None = None) -> LiveBooking:
    return LiveBooking(9, family, slot, day, start)


def test_the_same_slot_the_same_day_is_a_double_whichever_family_booked_it() -> None:
    (found,) = find_doubles(MATIN, WEDNESDAY, None, [booking(MATIN, family=2)], EXCLUSIVE)
    assert found.same_slot
    assert found.booking.family_id == 2


def test_another_day_or_another_slot_is_none() -> None:
    others = [booking(MATIN, day=date(2026, 3, 26)), booking(REPAS)]
    assert find_doubles(MATIN, WEDNESDAY, None, others, EXCLUSIVE) == ()


def test_exclusive_slots_bar_each_other_in_both_directions() -> None:
    (found,) = find_doubles(JOURNEE, WEDNESDAY, None, [booking(MATIN)], EXCLUSIVE)
    assert not found.same_slot
    (found,) = find_doubles(MATIN, WEDNESDAY, None, [booking(JOURNEE)], EXCLUSIVE)
    assert not found.same_slot
    assert find_doubles(MATIN, WEDNESDAY, None, [booking(APRES_MIDI)], EXCLUSIVE) == ()


def test_hourly_slots_double_only_at_the_same_start() -> None:
    held = [booking(REPAS, start=time(16))]
    assert find_doubles(REPAS, WEDNESDAY, time(17), held, {}) == ()
    assert len(find_doubles(REPAS, WEDNESDAY, time(16), held, {})) == 1


counts = st.integers(0, 50)
pools = st.builds(PoolCount, st.integers(1, 9), st.none() | counts, counts, counts, counts)


@given(st.lists(pools, max_size=6))
def test_taking_what_is_left_never_overfills_and_one_more_would(some: list[PoolCount]) -> None:
    found = places_left(some)
    limited = [pool for pool in some if pool.size is not None]
    if found.left is None:
        assert not limited
        return
    taken = [pool.booked + pool.held + pool.ahead + found.left - (pool.size or 0) for pool in limited]
    if found.left > 0:
        assert max(taken) == 0
    else:
        assert max(taken) == found.surplus >= 0


@given(st.lists(pools, max_size=6), pools)
def test_one_more_pool_never_makes_room(some: list[PoolCount], more: PoolCount) -> None:
    before, after = places_left(some), places_left([*some, more])
    if before.left is not None:
        assert after.left is not None
        assert after.left <= before.left
