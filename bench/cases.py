"""The cases that are measured, with which bots, and the goals that this bot has to hold."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List, Mapping, Sequence, Tuple

from bench.lag import BOTS, OURS, Case, Run, measure, median

SHORT, MIDDLE, LONG, FIVE, TWENTY = Case(1, 2), Case(1, 5), Case(1, 24), Case(5, 2), Case(20, 2)
BY_SLASH, CROWD = Case(1, 2, slash=True), Case(32, 5, slash=True)
CASES = (SHORT, MIDDLE, LONG, FIVE, TWENTY, BY_SLASH, CROWD)

GOALS: Mapping[Tuple[Case, str], float] = {
    (SHORT, "mean"): 0.33,
    (MIDDLE, "mean"): 0.58,
    (LONG, "mean"): 0.67,
    (FIVE, "mean"): 0.95,
    **{(case, "last"): 0.12 for case in (SHORT, MIDDLE, LONG, BY_SLASH)},
    (CROWD, "share"): 0.45,
    **{(case, figure): 0 for case in CASES for figure in ("refused", "incomplete")},
}
"""The most that figures of `Run` may be for this bot, by their names."""

TITLES = {"mean": "mean lag, s", "last": "lag of the last character, s", "share": "share of a core"}
TITLES.update(refused="429 responses", incomplete="incomplete answers")

MOST_SIDE_BY_SIDE = 5
"""Runs of up to so many answers take a few percent of a core: AT_ONCE of them don't disturb each other."""
AT_ONCE = 4

Results = Dict[Tuple[Case, str], Run]
"""The medians by case and bot."""


def run_all(cases: Sequence[Case], runs: int) -> Results:
    """Measure cases: this bot so many times, the plain ones once each, and not where they can't (`/chat`)."""
    pairs = [(case, bot) for case in cases for bot in BOTS if bot == OURS or not case.slash]
    jobs = [(case, bot) for case, bot in pairs for _ in range(runs if bot == OURS else 1)]
    # The plain bots first, so that none is left alone at the end: one of them takes minutes.
    jobs.sort(key=lambda job: (job[1] == OURS, -job[0].seconds))
    side_by_side = [job for job in jobs if job[0].answers <= MOST_SIDE_BY_SIDE]
    alone = [job for job in jobs if job[0].answers > MOST_SIDE_BY_SIDE]
    found: Dict[Tuple[Case, str], List[Run]] = {pair: [] for pair in pairs}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for job, run in zip(side_by_side, pool.map(_run, side_by_side)):
            found[job].append(run)
    for job in alone:
        found[job].append(_run(job))
    return {pair: median(of_pair) for pair, of_pair in found.items()}


def judge(results: Results) -> Dict[Tuple[Case, str], bool]:
    """Return for each goal, of the cases that were measured, whether it holds."""
    measured = {goal: results[goal[0], OURS] for goal in GOALS if (goal[0], OURS) in results}
    return {goal: getattr(run, goal[1]) <= GOALS[goal] for goal, run in measured.items()}


def show(results: Results) -> None:
    """Print the medians, and for each goal whether it holds."""
    print(f"{'case':20}{'bot':8}{'mean, s':>10}{'last, s':>10}{'429':>6}{'of a core':>11}{'MB':>8}{'start, s':>10}")
    for (case, bot), run in results.items():
        lags = "".join(f"{at_least(run)}{lag:.2f}".rjust(10) for lag in (run.mean, run.last))
        print(f"{case!s:20}{bot:8}{lags}{run.refused:6}{run.share:11.0%}{run.memory:8.1f}{run.start:10.2f}")
    print()
    for (case, figure), holds in judge(results).items():
        value, most = getattr(results[case, OURS], figure), GOALS[case, figure]
        print(f"{'holds ' if holds else 'MISSED'}  {case}: {TITLES[figure]}: {value:.3g}, at most {most:g}")


def at_least(run: Run) -> str:
    """Return the sign in front of the lags of a run that was given up."""
    return "≥ " if run.incomplete else ""


def _run(job: Tuple[Case, str]) -> Run:
    run = measure(*job)
    print(f"{job[0]}, {job[1]}: mean lag {run.mean:.3f} s, last {run.last:.3f} s", file=sys.stderr, flush=True)
    return run
