"""Test accuracy of a saved run of SecureKrum beside Flower's FedAvg, Krum and MultiKrum: a picture.

    python figure.py FOLDER PICTURE

FOLDER is of ``deployment.py``, with the app's digits and its two liars. Flower's rules are computed
here, with the same training, as in ``compare.py``. They have no faults but the liars.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from compare import RULES, accuracies

from fl_krum.plots import BYZANTINE, CHOSEN, HONEST, MUTED, new_figure, styled

FLOWERS = {
    "FedAvg": (BYZANTINE, "Flower's FedAvg"),
    "Flower's Krum": (MUTED, "Flower's Krum"),
    "Flower's MultiKrum, 5": (HONEST, "Flower's MultiKrum"),
}
OURS = "SecureKrum, m = 5, deployed"


@styled
def accuracy_figure(lines: list[dict], flowers: dict[str, list[float]]):
    """Draw accuracy after every round as a matplotlib Figure.

    Parameters
    ----------
    lines : list of dict
        Of ``rounds.jsonl``; what went wrong in a round is marked.
    flowers : dict of str to list of float
        Accuracy after rounds 1, 2, … for each key of `FLOWERS`.
    """
    figure = new_figure(15, 7.5)
    axes = figure.subplots()
    for name, values in flowers.items():
        colour, label = FLOWERS[name]
        axes.plot(range(1, len(values) + 1), values, color=colour, label=label, linewidth=3)
    rounds = [line["round"] for line in lines[1:]]
    values = [line["accuracy"] for line in lines[1:]]
    axes.plot(rounds, values, color=CHOSEN, marker="o", label=OURS, linewidth=0, markersize=11)
    for first, last, what in events(lines[1:]):
        axes.axvspan(first - 0.4, last + 0.4, color="#EFEFEF", zorder=0)
        axes.text((first + last) / 2, 0.5, what, ha="center", va="center", rotation=90)
    axes.set(xlabel="Round", ylabel="Test accuracy", ylim=(-0.03, 1.03))
    axes.set_xticks([1, *range(5, max(rounds) + 1, 5)])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=2, frameon=False)
    return figure


def events(lines: list[dict]) -> list[tuple[int, int, str]]:
    """First and last round of everything that went wrong, and what it was."""
    everybody = {name for line in lines for name in line["clients"]}
    found: list[tuple[int, int, str]] = []
    for line in lines:
        absent = sorted(everybody.difference(line["clients"]))
        if line["error"]:
            what = "no result"
        elif absent:
            what = f"without {', '.join(absent)}"
        elif line["excluded"]:
            what = f"{', '.join(line['excluded'])} excluded"
        else:
            continue
        if found and found[-1][1:] == (line["round"] - 1, what):
            found[-1] = found[-1][0], line["round"], what
        else:
            found.append((line["round"], line["round"], what))
    return found


def main() -> None:
    folder, picture = map(Path, sys.argv[1:])
    lines = [json.loads(one) for one in (folder / "rounds.jsonl").read_text().splitlines()]
    flowers = {name: accuracies(RULES[name], rounds=len(lines) - 1) for name in FLOWERS}
    accuracy_figure(lines, flowers).savefig(picture, dpi=80)


if __name__ == "__main__":
    main()
