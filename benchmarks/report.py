"""Results as Markdown tables.

`results` is what ``python -m benchmarks`` writes as JSON: every single measurement. The tables show
medians.
"""

from __future__ import annotations

from statistics import median

NAMES = {
    "embedded": "fl_krum, embedded",
    "embedded-active": "fl_krum, embedded, active",
    "scale-mamba": "fl_krum, SCALE-MAMBA",
    "mp-spdz": "MP-SPDZ",
    "mp-spdz-atlas": "MP-SPDZ, ATLAS",
    "mp-spdz-sy": "MP-SPDZ, sy-shamir, active",
    "mp-spdz-malicious": "MP-SPDZ, malicious-shamir, active",
    "mpyc": "MPyC",
    "fl_krum": "fl_krum.krum",
    "flower": "Flower aggregate_krum",
    "byzfl": "ByzFL Krum",
}
MISSING = "–"
MEGA = 1e6


def markdown(results: dict) -> str:
    """The whole report."""
    parts = ["# Benchmark", _machine(results["machine"])]
    if results["secure"]:
        parts += [
            "## Krum inside secure multiparty computation",
            secure(results["secure"]),
            COLUMNS,
        ]
    if results["stages"]:
        parts += ["## By stage, embedded players", stages(results["stages"]), STAGES]
    if results["plain"]:
        parts += ["## Krum in the clear", plain(results["plain"])]
    if results["notes"]:
        parts += ["## Notes", "\n".join(f"- {note}" for note in results["notes"])]
    return "\n\n".join(parts) + "\n"


COLUMNS = """\
*With start*: from the command to its result, players started and ended for it alone. *Running*: one
aggregation right after another on players that are up (of engines that do not stay up: the part of
their one run after connecting). *After pause*: the same when the players had time to prepare, as
while clients train. CPU, bytes and rounds are those of one aggregation, all players together;
memory is the peak of the largest player."""

STAGES = """\
One aggregation, players started for it. *Counted* is what `KrumProgram.cost()` says beforehand;
the players also exchange keys once, in one more round."""


def secure(entries: list[dict]) -> str:
    """One line for each engine and size."""
    header = [
        "n", "f", "d", "engine", "with start, s", "running, s", "after pause, s",
        "CPU-s, with start", "CPU-s, running", "MB sent", "MB a player", "rounds", "runs",
    ]  # fmt: skip
    lines = []
    for entry in sorted(entries, key=lambda entry: (entry["n"], entry["d"])):
        middle = medians(entry["samples"])
        name = NAMES.get(entry["engine"], entry["engine"])
        lines.append([
            entry["n"], entry["f"], _power(entry["d"]),
            name if middle["correct"] else f"{name} (WRONG RESULT)",
            *(number(middle[key]) for key in TIMES),
            number(middle["sent"], MEGA), number(middle["memory"], MEGA),
            MISSING if middle["rounds"] is None else f"{middle['rounds']:.0f}",
            len(entry["samples"]),
        ])  # fmt: skip
    return table(header, lines)


TIMES = ("with_start", "running", "after_pause", "cpu_with_start", "cpu_running")


def stages(entries: list[dict]) -> str:
    """One line for each stage and size."""
    header = ["n", "d", "stage", "seconds", "CPU-s, all", "rounds, counted", "MB sent, counted"]
    lines = []
    for entry in entries:
        for name, stage in entry["stages"].items():
            started = name == "start"
            lines.append([
                entry["n"], _power(entry["d"]), name, number(stage["seconds"]),
                MISSING if started else number(stage["cpu"]),
                MISSING if started else stage["rounds"],
                MISSING if started else number(stage["bytes"], MEGA),
            ])  # fmt: skip
    return table(header, lines)


def plain(entries: list[dict]) -> str:
    """One line for each library, with how many times as long as ours it takes."""
    header = ["n", "f", "d", "library", "milliseconds", "times fl_krum", "same choice", "runs"]
    times = {entry["library"]: medians(entry["samples"])["seconds"] for entry in entries}
    return table(header, [
        [
            entry["n"], entry["f"], _power(entry["d"]), NAMES[entry["library"]],
            number(1000 * times[entry["library"]]),
            number(times[entry["library"]] / times["fl_krum"]),
            "yes" if medians(entry["samples"])["same_choice"] else "no",
            len(entry["samples"]),
        ]
        for entry in entries
    ])  # fmt: skip


def medians(samples: list[dict]) -> dict:
    """Every field's median over the samples that have it; for yes or no: whether all say yes."""
    result = {}
    for key in samples[0]:
        values = [sample[key] for sample in samples if sample[key] is not None]
        if not values:
            result[key] = None
        elif isinstance(values[0], bool):
            result[key] = all(values)
        else:
            result[key] = median(values)
    return result


def table(header: list, lines: list[list]) -> str:
    """A Markdown table with numbers to the right."""
    texts = [[str(cell) for cell in line] for line in [header, *lines]]
    widths = [max(3, *map(len, column)) for column in zip(*texts, strict=True)]
    words = {c for c, name in enumerate(header) if name in ("engine", "stage", "library")}

    def row(cells):
        aligned = (
            cell.ljust(width) if c in words else cell.rjust(width)
            for c, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(aligned)} |"

    rule = [
        "-" * width if c in words else "-" * (width - 1) + ":" for c, width in enumerate(widths)
    ]
    return "\n".join(map(row, [texts[0], rule, *texts[1:]]))


def number(value: float | None, unit: float = 1.0) -> str:
    """Three digits that count; a dash where it cannot be told."""
    if value is None:
        return MISSING
    value /= unit
    if value == 0:
        return "0"
    digits = max(0, 2 - _exponent(value))
    return f"{value:.{digits}f}"


def _exponent(value: float) -> int:
    return int(f"{abs(value):.2e}".split("e")[1])


def _power(d: int) -> str:
    """10^5 for 100000."""
    zeros = len(str(d)) - 1
    return f"10^{zeros}" if zeros > 3 and d == 10**zeros else str(d)


def _machine(machine: dict) -> str:
    details = ", ".join(
        f"{name} {machine[name]}" for name in ("python", "numpy", "cryptography") if name in machine
    )
    load = machine.get("load")
    return f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; {details}" + (
        "." if load is None else f"; load of the machine when it began: {load}."
    )
