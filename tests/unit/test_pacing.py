"""The decisions who may write next, in simulated time."""

from __future__ import annotations

import math
from statistics import mean
from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.delivery.pacing import (
    FIRST_EDIT_SECONDS,
    FIRST_SECONDS,
    LOST_MARGIN,
    OLD_SECONDS,
    PATIENCE_SECONDS,
    Budget,
    Next,
    Waiting,
    choose,
)
from tests.unit.simulated_channel import Channel, Chat, Rule

NOW = 100.0


def _open_budget(remaining: int, reset_after: float = 3.0, limit: int = 5) -> Budget:
    budget = Budget()
    budget.learn(NOW, limit=limit, remaining=remaining, reset_after=reset_after)
    return budget


def _choose(*replies: Waiting, creates: int = 4, edits: int = 4, now: float = NOW) -> Next:
    return choose(list(replies), _open_budget(creates), _open_budget(edits), 15, now)


def _seen(since: float, *, ended: bool = False, chars: int = 100) -> Waiting:
    return Waiting(ended, unseen=False, since=since, chars=chars, writes=9)


def _new(since: float, *, ended: bool = False) -> Waiting:
    return Waiting(ended, unseen=True, creates=True, since=since, chars=100)


# The budget


def test_an_unknown_channel_is_asked_one_at_a_time() -> None:
    budget = Budget()
    assert budget.ready_at(NOW) == NOW
    taken = budget.take(NOW)
    assert budget.ready_at(NOW) == NOW + budget.window
    budget.learn(NOW, limit=3, remaining=2, reset_after=5.0)
    budget.settle(taken)
    assert budget.tokens(NOW) == 2


def test_what_is_in_flight_is_spent() -> None:
    budget = _open_budget(remaining=2)
    budget.take(NOW)
    assert budget.tokens(NOW) == 1
    budget.take(NOW)
    assert budget.ready_at(NOW) == NOW + 3.0


def test_a_window_that_has_ended_grants_all_again() -> None:
    budget = _open_budget(remaining=0, reset_after=3.0)
    assert budget.ready_at(NOW) == NOW + 3.0
    assert budget.tokens(NOW + 3.0) == 5
    assert budget.ready_at(NOW + 3.0, keep=4) == NOW + 3.0


def test_in_a_window_that_slides_each_request_counts_for_itself() -> None:
    budget = Budget()
    for second in range(3):
        budget.learn(NOW + second, limit=5, remaining=4 - second, reset_after=5.0)
    assert budget.tokens(NOW + 4.9) == 2
    assert budget.tokens(NOW + 5.1) == 3
    assert budget.more_at(NOW + 5.1) == NOW + 6.0
    assert budget.ready_at(NOW + 5.1, keep=4) == NOW + 7.0


def test_what_others_have_used_of_a_window_that_slides_counts_to_its_end() -> None:
    budget = _open_budget(remaining=4, reset_after=5.0)
    budget.learn(NOW + 1.0, limit=5, remaining=0, reset_after=5.0)
    assert budget.tokens(NOW + 5.5) == 1
    assert budget.tokens(NOW + 6.0) == 5


def test_a_window_that_does_not_slide_after_all_grants_all_again() -> None:
    budget = _open_budget(remaining=4, reset_after=5.0)
    budget.learn(NOW + 0.01, limit=5, remaining=3, reset_after=4.99)
    budget.learn(NOW + 2.0, limit=5, remaining=2, reset_after=3.0)
    assert budget.tokens(NOW + 4.9) == 2
    assert budget.tokens(NOW + 5.1) == 5


def test_a_request_that_is_never_answered_does_not_stop_the_others_for_ever() -> None:
    budget = Budget()
    budget.take(NOW)
    assert budget.ready_at(NOW + 1.0) == NOW + budget.window
    assert budget.ready_at(NOW + budget.window + 0.1) == NOW + budget.window + 0.1


# Who is next


def test_nobody_is_next_when_all_is_shown() -> None:
    assert _choose(Waiting(ended=False, unseen=False)) == Next(-1, math.inf)


def test_ended_replies_go_before_unseen_ones_and_these_before_progress() -> None:
    assert _choose(_seen(NOW - 9), _new(NOW - 9), _seen(NOW, ended=True)).reply == 2
    assert _choose(_seen(NOW - 9), _new(NOW - 9)).reply == 1


def test_of_two_the_one_with_the_older_text_is_next() -> None:
    assert _choose(_seen(NOW - 4), _seen(NOW - 5)).reply == 1


def test_a_last_edit_waits_for_nothing_but_the_limit() -> None:
    assert _choose(_seen(NOW, ended=True, chars=1), edits=1) == Next(0, NOW)
    assert _choose(_seen(NOW, ended=True), edits=0) == Next(0, NOW + 3.0)


def test_progress_leaves_an_edit_for_the_end() -> None:
    assert _choose(_seen(NOW - 9), edits=1).at > NOW
    assert _choose(_seen(NOW - 9), edits=2).at == NOW


def test_an_edit_that_would_be_lost_is_spent_on_progress() -> None:
    edits = _open_budget(remaining=1, reset_after=0.05)
    assert choose([_seen(NOW - 9)], _open_budget(5), edits, 15, NOW) == Next(0, NOW)


def test_an_edit_that_comes_back_is_spent_before_the_next_one_does() -> None:
    edits = Budget()
    for number in range(5):
        edits.learn(NOW - 4 + number, limit=5, remaining=4 - number, reset_after=5.0)
    assert choose([_seen(NOW)], _open_budget(5), edits, 15, NOW) == Next(0, NOW + 2 - LOST_MARGIN)


def test_little_text_waits_until_it_is_old() -> None:
    assert _choose(_seen(NOW, chars=1)).at == NOW + OLD_SECONDS


def test_in_a_crowd_progress_waits_for_patience() -> None:
    crowd = [_seen(NOW)] * 6
    assert _choose(*crowd).at == NOW + PATIENCE_SECONDS


def test_the_first_text_waits_a_moment_for_more_unless_it_is_all() -> None:
    assert _choose(_new(NOW)).at == NOW + FIRST_SECONDS
    assert _choose(_new(NOW, ended=True)).at == NOW


def test_a_message_that_stands_there_is_edited_a_moment_after_the_first_text() -> None:
    assert _choose(_new(NOW)._replace(creates=False)).at == NOW + FIRST_EDIT_SECONDS
    assert _choose(_new(NOW, ended=True)._replace(creates=False)).at == NOW


def test_edits_that_are_used_up_hold_up_no_create() -> None:
    assert _choose(_seen(NOW - 1, ended=True), _new(NOW - 1), edits=0) == Next(1, NOW)


# Whole answers, at 50 tokens/s and 80 ms to Discord and back


@pytest.mark.parametrize("sliding", [False, True])
@pytest.mark.parametrize(
    ("tokens", "mean_lag", "last_lag"),
    [(100, 0.33, 0.12), (250, 0.58, 0.15), (1200, 0.62, 0.35)],
)
def test_one_answer_is_seen_as_soon_as_the_limits_allow(
    tokens: int,
    mean_lag: float,
    last_lag: float,
    sliding: bool,  # noqa: FBT001 - a parameter
) -> None:
    chat = Chat(tokens)
    channel = Channel([chat], Rule(sliding=sliding))
    assert mean(chat.lags()) <= mean_lag
    assert chat.lags()[-1] <= last_lag
    assert channel.refused == 0


@pytest.mark.parametrize("sliding", [False, True])
@pytest.mark.parametrize(("count", "mean_lag", "last_lag"), [(5, 1.3, 0.6), (20, 7.5, 6.7)])
def test_many_answers_at_once(
    count: int,
    mean_lag: float,
    last_lag: float,
    sliding: bool,  # noqa: FBT001 - a parameter
) -> None:
    chats = [Chat(100) for _ in range(count)]
    channel = Channel(chats, Rule(sliding=sliding))
    assert mean(lag for chat in chats for lag in chat.lags()) <= mean_lag
    assert mean(chat.lags()[-1] for chat in chats) <= last_lag
    assert channel.refused == 0


def test_a_long_answer_does_not_starve_among_short_ones() -> None:
    long = Chat(1000)
    channel = Channel([long, *(Chat(60, start=2.0 * number) for number in range(10))])
    assert max(long.lags()) <= PATIENCE_SECONDS + 5.0
    assert channel.refused == 0


_rules = st.builds(Rule, limit=st.integers(1, 10), per=st.sampled_from([1.0, 2.0, 5.0]), sliding=st.booleans())
_chats = st.builds(Chat, tokens=st.integers(1, 150), start=st.floats(0, 5), rate=st.sampled_from([2.0, 50.0, 1000.0]))


@given(st.lists(_chats, min_size=1, max_size=6), _rules, st.sampled_from([0.0, 0.08, 0.4]))
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked_no_limit_is_hit_and_all_is_written(chats: List[Chat], rule: Rule, latency: float) -> None:
    channel = Channel(chats, rule, latency)
    assert channel.refused == 0
    assert all(chat.over for chat in chats)
