"""The decisions who may write next, in simulated time."""

from __future__ import annotations

import itertools
import math
from statistics import mean
from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.delivery.pacing import (
    FIRST_SECONDS,
    LOST_SECONDS,
    OLD_SECONDS,
    Budget,
    Next,
    Urgency,
    Waiting,
    choose,
)
from tests.unit.simulated_channel import Channel, Chat, Rule

NOW = 100.0


def _open_budget(remaining: int, reset_after: float = 3.0, limit: int = 5) -> Budget:
    budget = Budget()
    budget.learn(NOW, limit=limit, remaining=remaining, reset_after=reset_after)
    return budget


def _tokens(budget: Budget, now: float) -> int:
    """How many requests may be sent now."""
    return sum(budget.ready_at(now, keep) == now for keep in range(budget.limit))


def _choose(*posts: Waiting, creates: int = 4, edits: int = 4, now: float = NOW) -> Next:
    return choose(posts, _open_budget(creates), _open_budget(edits), now)


def _running(since: float, *, enough: bool = True) -> Waiting:
    return Waiting(Urgency.PROGRESS, since=since, enough=enough, writes=9)


def _ended(since: float) -> Waiting:
    return Waiting(Urgency.ENDED, since=since)


def _new(since: float) -> Waiting:
    return Waiting(Urgency.FIRST_TEXT, creates=True, since=since)


# The budget


def test_an_unknown_channel_is_asked_one_at_a_time() -> None:
    budget = Budget()
    assert budget.ready_at(NOW) == NOW
    started = budget.start(NOW)
    assert budget.ready_at(NOW) == NOW + budget.window
    budget.learn(NOW, limit=3, remaining=2, reset_after=5.0)
    budget.end(started)
    assert _tokens(budget, NOW) == 2


def test_what_is_in_flight_is_spent() -> None:
    budget = _open_budget(remaining=2)
    budget.start(NOW)
    assert _tokens(budget, NOW) == 1
    budget.start(NOW)
    assert budget.ready_at(NOW) == NOW + 3.0


def test_a_window_that_has_ended_grants_all_again() -> None:
    budget = _open_budget(remaining=0, reset_after=3.0)
    assert budget.ready_at(NOW) == NOW + 3.0
    assert _tokens(budget, NOW + 3.0) == 5
    assert budget.ready_at(NOW + 3.0, keep=4) == NOW + 3.0


def test_in_a_window_that_slides_each_request_counts_for_itself() -> None:
    budget = Budget()
    for second in range(3):
        budget.learn(NOW + second, limit=5, remaining=4 - second, reset_after=5.0)
    assert _tokens(budget, NOW + 4.9) == 2
    assert _tokens(budget, NOW + 5.1) == 3
    assert budget.more_at(NOW + 5.1) == NOW + 6.0
    assert budget.ready_at(NOW + 5.1, keep=4) == NOW + 7.0


def test_what_others_have_used_of_a_window_that_slides_counts_to_its_end() -> None:
    budget = _open_budget(remaining=4, reset_after=5.0)
    budget.learn(NOW + 1.0, limit=5, remaining=0, reset_after=5.0)
    assert _tokens(budget, NOW + 5.5) == 1
    assert _tokens(budget, NOW + 6.0) == 5


def test_a_window_that_does_not_slide_after_all_grants_all_again() -> None:
    budget = _open_budget(remaining=4, reset_after=5.0)
    budget.learn(NOW + 0.01, limit=5, remaining=3, reset_after=4.99)
    budget.learn(NOW + 2.0, limit=5, remaining=2, reset_after=3.0)
    assert _tokens(budget, NOW + 4.9) == 2
    assert _tokens(budget, NOW + 5.1) == 5


def test_a_request_that_is_never_answered_does_not_stop_the_others_for_ever() -> None:
    budget = Budget()
    budget.start(NOW)
    assert budget.ready_at(NOW + 1.0) == NOW + budget.window
    assert budget.ready_at(NOW + budget.window + 0.1) == NOW + budget.window + 0.1


# Who is next


def test_nobody_is_next_when_all_was_sent() -> None:
    assert _choose(Waiting(Urgency.PROGRESS)) == Next(-1, math.inf)
    assert _choose() == Next(-1, math.inf)


@pytest.mark.parametrize(("more", "less"), list(itertools.combinations(Urgency, 2)))
def test_what_is_more_urgent_goes_first_although_it_is_younger(more: Urgency, less: Urgency) -> None:
    assert _choose(Waiting(less, since=NOW - 9), Waiting(more, since=NOW - 8)).post == 1


def test_of_two_the_one_with_the_older_text_is_next() -> None:
    assert _choose(_running(NOW - 4), _running(NOW - 5)).post == 1


def test_a_last_edit_waits_for_nothing_but_the_limit() -> None:
    assert _choose(_ended(NOW)._replace(enough=False), edits=1) == Next(0, NOW)
    assert _choose(_ended(NOW), edits=0) == Next(0, NOW + 3.0)


def test_progress_leaves_an_edit_for_the_end() -> None:
    assert _choose(_running(NOW - 9), edits=1).at > NOW
    assert _choose(_running(NOW - 9), edits=2).at == NOW


def test_an_edit_that_would_be_lost_is_spent_on_progress() -> None:
    edits = _open_budget(remaining=1, reset_after=0.05)
    assert choose([_running(NOW - 9)], _open_budget(5), edits, NOW) == Next(0, NOW)


def test_an_edit_that_comes_back_is_spent_before_the_next_one_does() -> None:
    edits = Budget()
    for number in range(5):
        edits.learn(NOW - 4 + number, limit=5, remaining=4 - number, reset_after=5.0)
    assert choose([_running(NOW)], _open_budget(5), edits, NOW) == Next(0, NOW + 2 - LOST_SECONDS)


def test_little_text_waits_until_it_is_old() -> None:
    assert _choose(_running(NOW, enough=False)).at == NOW + OLD_SECONDS


def test_in_a_crowd_the_edits_of_a_window_are_spread_over_it() -> None:
    assert _choose(*[_running(NOW)] * 3).at == NOW + 1.5  # of a window of 3 s, two edits are not kept for the ends
    assert _choose(*[_running(NOW)] * 6).at == NOW + 3.0


@pytest.mark.parametrize("creates", [True, False])
def test_the_first_text_waits_a_moment_for_more_unless_it_is_all(creates: bool) -> None:  # noqa: FBT001 - a parameter
    assert _choose(_new(NOW)._replace(creates=creates)).at == NOW + FIRST_SECONDS
    assert _choose(_ended(NOW)._replace(creates=creates)).at == NOW


def test_edits_that_are_used_up_hold_up_no_create() -> None:
    assert _choose(_ended(NOW - 1), _new(NOW - 1), edits=0) == Next(1, NOW)


# Whole answers, at 50 tokens/s and 80 ms to Discord and back


@pytest.mark.parametrize("sliding", [False, True])
@pytest.mark.parametrize(
    ("tokens", "mean_lag", "last_lag"),
    [(100, 0.33, 0.12), (250, 0.58, 0.12), (1200, 0.67, 0.12)],
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
@pytest.mark.parametrize(("count", "mean_lag", "last_lag"), [(5, 0.95, 0.12), (20, 7.5, 6.7)])
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
    assert max(long.lags()) <= 5.0 + OLD_SECONDS
    assert channel.refused == 0


_rules = st.builds(Rule, limit=st.integers(1, 10), per=st.sampled_from([1.0, 2.0, 5.0]), sliding=st.booleans())
_chats = st.builds(Chat, tokens=st.integers(1, 150), start=st.floats(0, 5), rate=st.sampled_from([2.0, 50.0, 1000.0]))


@given(st.lists(_chats, min_size=1, max_size=6), _rules, st.sampled_from([0.0, 0.08, 0.4]))
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked_no_limit_is_hit_and_all_is_written(chats: List[Chat], rule: Rule, latency: float) -> None:
    channel = Channel(chats, rule, latency)
    assert channel.refused == 0
    assert all(chat.over for chat in chats)
