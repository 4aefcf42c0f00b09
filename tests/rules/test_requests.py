"""The state machine of requests, and what a mixture of decisions makes."""

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.rules.errors import UserError
from guichet.rules.requests import (
    END_STATES,
    MIXTURES,
    OPEN_STATES,
    REFUSAL_LABELS,
    STATE_LABELS,
    TRANSITIONS,
    Act,
    ItemDecision,
    RefusalCode,
    RequestState,
    next_state,
    refusal_code,
    state_of,
)

S, D = RequestState, ItemDecision


def test_the_family_edits_and_withdraws_while_pending_only() -> None:
    assert next_state(S.PENDING, Act.WITHDRAW) is S.CANCELLED
    assert next_state(S.PENDING, Act.REVISE) is S.SUPERSEDED
    for state in RequestState:
        if state is not S.PENDING:
            for act in (Act.WITHDRAW, Act.REVISE):
                with pytest.raises(UserError) as caught:
                    next_state(state, act)
                assert caught.value.code == "illegal_transition"


def test_a_request_travels_from_pending_to_its_end() -> None:
    assert next_state(S.PENDING, Act.TAKE_UP) is S.IN_PROGRESS
    assert next_state(S.IN_PROGRESS, Act.ASK_COMPLEMENT) is S.NEEDS_INFO
    assert next_state(S.NEEDS_INFO, Act.RECEIVE_COMPLEMENT) is S.IN_PROGRESS
    assert next_state(S.IN_PROGRESS, Act.HAND_BACK) is S.PENDING
    assert next_state(S.IN_PROGRESS, Act.DECIDE, toward=S.WAITING_LIST) is S.WAITING_LIST
    assert next_state(S.WAITING_LIST, Act.DECIDE, toward=S.ACCEPTED) is S.ACCEPTED


def test_deciding_a_pending_request_needs_no_taking_up() -> None:
    for end in (S.ACCEPTED, S.PARTLY_ACCEPTED, S.REFUSED, S.WAITING_LIST):
        assert next_state(S.PENDING, Act.DECIDE, toward=end) is end


def test_an_end_is_final_but_for_undoing_a_decision() -> None:
    for state in END_STATES:
        allowed = {act for (source, act) in TRANSITIONS if source is state}
        assert allowed <= {Act.UNDO}
    assert next_state(S.REFUSED, Act.UNDO, toward=S.IN_PROGRESS) is S.IN_PROGRESS
    assert next_state(S.ACCEPTED, Act.UNDO, toward=S.WAITING_LIST) is S.WAITING_LIST
    for state in (S.CANCELLED, S.SUPERSEDED, S.PENDING):
        with pytest.raises(UserError):
            next_state(state, Act.UNDO, toward=S.IN_PROGRESS)


def test_the_waiting_list_is_left_not_re_entered() -> None:
    assert (S.WAITING_LIST, Act.DECIDE) in TRANSITIONS
    assert S.WAITING_LIST not in END_STATES


def test_every_state_is_open_or_an_end_and_has_its_french_label() -> None:
    assert set(RequestState) - {S.DRAFT} == OPEN_STATES | END_STATES
    assert not OPEN_STATES & END_STATES
    assert set(STATE_LABELS) == set(RequestState)
    assert set(REFUSAL_LABELS) == set(RefusalCode)


def test_an_illegal_act_says_why_in_french() -> None:
    with pytest.raises(UserError, match="déjà acceptée"):
        next_state(S.ACCEPTED, Act.DECIDE, toward=S.REFUSED)
    with pytest.raises(UserError, match="retiré cette demande"):
        next_state(S.CANCELLED, Act.DECIDE, toward=S.ACCEPTED)
    with pytest.raises(UserError, match="version plus récente"):
        next_state(S.SUPERSEDED, Act.TAKE_UP)
    with pytest.raises(UserError, match="déjà prise en charge"):
        next_state(S.IN_PROGRESS, Act.REVISE)


@given(st.sampled_from(RequestState), st.sampled_from(Act), st.none() | st.sampled_from(RequestState))
def test_no_act_leads_outside_the_table(state: RequestState, act: Act, toward: RequestState | None) -> None:
    targets = TRANSITIONS.get((state, act), frozenset())
    try:
        reached = next_state(state, act, toward=toward)
    except (UserError, ValueError):
        return
    assert reached in targets
    assert toward in (None, reached)


def test_the_table_names_every_mixture_of_decisions() -> None:
    counting = [decision for decision in ItemDecision if decision is not D.CANCELLED]
    every = chain.from_iterable(combinations(counting, size) for size in range(1, len(counting) + 1))
    assert set(MIXTURES) == {frozenset(mixture) for mixture in every}


@pytest.mark.parametrize(
    ("decisions", "state"),
    [
        ([D.ACCEPTED, D.ACCEPTED], S.ACCEPTED),
        ([D.REFUSED, D.REFUSED], S.REFUSED),
        ([D.ACCEPTED, D.REFUSED], S.PARTLY_ACCEPTED),
        ([D.WAITING], S.WAITING_LIST),
        ([D.ACCEPTED, D.WAITING], S.WAITING_LIST),
        ([D.REFUSED, D.WAITING], S.WAITING_LIST),
        ([D.ACCEPTED, D.REFUSED, D.WAITING], S.WAITING_LIST),
        ([D.ACCEPTED, D.UNDECIDED], S.IN_PROGRESS),
        ([D.UNDECIDED], S.IN_PROGRESS),
        ([D.CANCELLED, D.ACCEPTED], S.ACCEPTED),
        ([D.CANCELLED, D.WAITING], S.WAITING_LIST),
        ([D.CANCELLED, D.CANCELLED], S.CANCELLED),
    ],
)
def test_the_items_make_the_request_s_state(decisions: list[ItemDecision], state: RequestState) -> None:
    assert state_of(decisions) is state


@given(st.lists(st.sampled_from(ItemDecision), min_size=1, max_size=12))
def test_a_request_ends_only_when_every_item_is_decided(decisions: list[ItemDecision]) -> None:
    state = state_of(decisions)
    assert (state in END_STATES) == (not {D.UNDECIDED, D.WAITING} & set(decisions))
    assert state_of(reversed(decisions)) is state


def test_a_refusal_is_coded_and_autre_needs_its_text() -> None:
    assert refusal_code("hors_delai", "") is RefusalCode.HORS_DELAI
    assert refusal_code("autre", "Sortie annulée.") is RefusalCode.AUTRE
    with pytest.raises(UserError) as caught:
        refusal_code("autre", " \u00a0\t")
    assert caught.value.field == "text"
    with pytest.raises(UserError) as caught:
        refusal_code("parce_que", "x")
    assert caught.value.field == "code"
