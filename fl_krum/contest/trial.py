"""Try a function of a notebook before it is handed in, just as the contest will run it.

The text of the function goes into a process of its own, alone: what stands in other cells is not
there, except that ``np`` is NumPy. So what works here works in the contest, where only the seeds
are others.
"""

from __future__ import annotations

import inspect
import textwrap
from functools import cache
from pathlib import Path

import numpy as np

from ..lesson.feedback import Feedback
from .guest import Limits
from .hand_in import Failed, HandIn
from .match import Setting, play

SEED = 20171204  # of the trial; those of the contest are hidden
ATTACKS = ("none", "sign-flip", "alie", "fang")
RULES = ("mean", "krum", "multi-krum")


def try_attack(function, save: str | None = None, limits: Limits | None = None) -> Feedback:
    """Try ``attack(honest, f, rng, previous)`` on three rules, beside two of our attacks.

    Parameters
    ----------
    function : callable
        Written in a cell or a file, so that its text can be read.
    save : str, optional
        Write what is to be handed in to this file, if there is none of this name.
    limits : Limits, optional

    Returns
    -------
    Feedback
        A table, or why the attack cannot be used.

    Raises
    ------
    ValueError
        The file is there already, or its name does not end in .py.
    """
    return _try("attack", function, save, limits, rows=RULES, columns=("none", "sign-flip", "fang"))


def try_rule(function, save: str | None = None, limits: Limits | None = None) -> Feedback:
    """Try ``rule(X, f)`` under four attacks, beside Krum and Multi-Krum; else as `try_attack`."""
    return _try("rule", function, save, limits, rows=ATTACKS, columns=("krum", "multi-krum"))


def as_hand_in(kind: str, function) -> HandIn:
    """The text of a function as a file that can be handed in; Failed when there is none."""
    name = getattr(function, "__name__", "")
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise Failed("✗", "Give the function itself, written with `def` in a cell.") from None
    if not text.startswith("def "):
        raise Failed("✗", "Write it with `def`, not as a lambda or inside of something else.")
    alias = "" if name == kind else f"\n\n{kind} = {name}\n"
    return HandIn("your file", f"import numpy as np\n\n\n{text}{alias}")


def _try(kind, function, save, limits, rows, columns) -> Feedback:
    path = None if save is None else _free(save)
    try:
        hand_in = as_hand_in(kind, function)
    except Failed as failure:
        return Feedback(f"✗ {failure.reason}")
    setting = Setting(seeds=(SEED,), limits=limits or Limits())
    lines = [f"{'rule' if kind == 'attack' else 'attack':<14}{'yours':>8}"]
    lines[0] += "".join(f"{name:>12}" for name in columns)
    for row in rows:
        is_rule = kind == "rule"
        outcome = play(hand_in, row, setting) if is_rule else play(row, hand_in, setting)
        if outcome.failed is not None:
            return Feedback(f"✗ Your {kind} {outcome.failed.reason}.")
        ours = [_ours(other, row) if is_rule else _ours(row, other) for other in columns]
        cells = [f"{outcome.accuracy[0]:>8.0%}", *(f"{value:>12.0%}" for value in ours)]
        lines.append(f"{row:<14}{''.join(cells)}")
    if path is not None:
        path.write_text(hand_in.source, encoding="utf-8")
        lines.append(f"Written: {path}. Hand this file in.")
    return Feedback("\n".join([f"✓ Your {kind} can be handed in. {_ABOUT[kind]}", *lines]))


_ABOUT = {
    "attack": "Accuracy that it leaves, beside ours:",
    "rule": "Accuracy under each attack, beside ours:",
}


@cache
def _ours(rule: str, attack: str) -> float:
    return float(np.mean(play(rule, attack, Setting(seeds=(SEED,))).accuracy))


def _free(save: str) -> Path:
    path = Path(save)
    if path.suffix != ".py":
        raise ValueError(f"{path} must end in .py")
    if path.exists():
        raise ValueError(f"{path} is there already; choose another name, or remove it")
    return path
