"""All against all: every rule meets every attack, ours among them, on the same hidden seeds.

A hand-in first has to get through one session against a harmless opponent. Who does not is out,
with the reason, and takes part in nothing. Matches are independent of each other: in each, both
sides run in fresh processes.
"""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

from ..aggregators.rules import rules_for
from ..federation.attacks import ATTACKS
from .guest import Guest
from .hand_in import Failed, HandIn
from .match import Outcome, Setting, play

NO_ATTACK = "none"


@dataclass(frozen=True)
class Tournament:
    """What came of all matches.

    Attributes
    ----------
    setting : Setting
    rules, attacks : tuple of str
        Names: hand-ins end in ``.py``, ours do not.
    outcomes : dict of (str, str) to Outcome
        By rule and attack.
    out : tuple of Failed
        Hand-ins that did not get as far as a match.
    """

    setting: Setting
    rules: tuple[str, ...]
    attacks: tuple[str, ...]
    outcomes: dict[tuple[str, str], Outcome]
    out: tuple[Failed, ...]


def draw_seeds(count: int) -> tuple[int, ...]:
    """Hidden seeds, from the operating system."""
    return tuple(secrets.randbits(32) for _ in range(count))


def our_attacks() -> list[str]:
    """Names of our attacks; "below-protocol" is sign-flip where there are no players."""
    return [
        name for name, attack in ATTACKS.items() if not (attack.below_protocol or attack.knows_rule)
    ]


def our_rules(setting: Setting) -> list[str]:
    """Names of our rules for so many clients."""
    return list(rules_for(setting.clients, setting.byzantine))


def run(
    hand_ins: Sequence[HandIn],
    setting: Setting,
    out: Iterable[Failed] = (),
    watch: Callable[[int, int], object] = lambda done, total: None,
    workers: int | None = None,
) -> Tournament:
    """Hold the contest.

    Parameters
    ----------
    hand_ins : sequence of HandIn
    setting : Setting
    out : iterable of Failed
        Files that could not even be read.
    watch : callable
        ``watch(done, total)`` is called as matches end.
    workers : int, optional
        Processes that referee at the same time; by default one for each processor.
    """
    # Spawned, not forked: a fork of a process with threads may hang.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers or os.cpu_count(), context, _leave_ctrl_c) as pool:
        try:
            checked = list(pool.map(partial(qualify, setting=setting), hand_ins))
            passed = list(zip(hand_ins, checked, strict=True))
            rules: list[HandIn | str] = [one for one, kind in passed if kind == "rule"]
            attacks: list[HandIn | str] = [one for one, kind in passed if kind == "attack"]
            rules.extend(our_rules(setting))
            attacks.extend(our_attacks())
            pairs = [(rule, attack) for rule in rules for attack in attacks]
            futures = {pool.submit(play, *pair, setting): pair for pair in pairs}
            outcomes = {}
            for done, future in enumerate(as_completed(futures), 1):
                rule, attack = futures[future]
                outcomes[_name(rule), _name(attack)] = future.result()
                watch(done, len(pairs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    failures = [kind for kind in checked if isinstance(kind, Failed)]
    return Tournament(
        setting, tuple(map(_name, rules)), tuple(map(_name, attacks)), outcomes, (*out, *failures)
    )


def qualify(hand_in: HandIn, setting: Setting) -> str | Failed:
    """The kind of a hand-in that gets through one session; of any other, why it does not."""
    try:
        with Guest(hand_in, setting.limits) as guest:
            kind = guest.load()
    except Failed as failure:
        return failure
    once = replace(setting, seeds=setting.seeds[:1])
    if kind == "rule":
        return play(hand_in, NO_ATTACK, once).failed or kind
    return play("mean", hand_in, once).failed or kind


def _leave_ctrl_c() -> None:
    """In a worker: the first process hears it as well, and ends all others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _name(side: HandIn | str) -> str:
    return side if isinstance(side, str) else side.name
