"""``python -m benchmarks classroom``: what a class takes, in minutes of reading and in memory.

For each notebook: words to read, questions to answer, the processor time of all its cells, and the
memory of its kernel when it has run to the end and is idle. Then sessions of 8 players, at once,
while these kernels idle: their processes, listening ports and memory.

Memory is proportional (PSS): a page that several processes share counts for each by its part, so
that sums are right. Linux only; other systems tell the resident set, which counts shared pages
several times. Kernels need JupyterLab.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import machine

ROOT = Path(__file__).resolve().parents[1]
WORDS_A_MINUTE = 200  # of careful reading
MEGABYTE = 2**20
_DEADLINE = 600  # seconds for one cell


def main(arguments=None) -> int:
    options = _parser().parse_args(arguments)
    import psutil
    from jupyter_client.manager import start_new_kernel

    paths = sorted(ROOT.glob("notebooks/[0-9]*.ipynb"))
    paths = [path for path in paths if not options.only or path.name[:2] in options.only]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    kernels, rows = [], []
    try:
        for path in paths:
            manager, client = start_new_kernel(cwd=str(path.parent), env=environment)
            kernels.append((manager, client))
            process = psutil.Process(manager.provisioner.pid)
            rows.append(_read(path) | _run(path, client, process))
            _say(f"{path.name}: {rows[-1]['seconds']:.0f} s, {rows[-1]['megabytes']:.0f} MB")
        sessions = _sessions(options.sessions, options.rounds)
    finally:
        for manager, client in kernels:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    result = {"machine": machine.describe(), "notebooks": rows, "sessions": sessions}
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(markdown(rows, sessions))
    return 0


def markdown(rows: list[dict], sessions: dict) -> str:
    """The results as two tables."""
    lines = [
        "| notebook | words | reading, min | predictions | exercises | processor time, s | MB |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        lines.append(
            f"| {row['name']} | {row['words']} | {row['words'] / WORDS_A_MINUTE:.0f} | "
            f"{row['predictions']} | {row['exercises']} | {row['cpu']:.0f} | "
            f"{row['megabytes']:.0f} |"
        )
    lines += ["", "| sessions at once | processes each | ports each | MB each | seconds |",
              "|--:|--:|--:|--:|--:|"]  # fmt: skip
    lines.append(
        f"| {sessions['count']} | {sessions['processes']} | {sessions['ports']} | "
        f"{sessions['megabytes']:.0f} | {sessions['seconds']:.0f} |"
    )
    return "\n".join(lines)


def _read(path: Path) -> dict:
    """What there is to read and to answer."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    text = re.sub(r"<details>.*?</details>", "", text, flags=re.S)  # solutions
    return {
        "name": path.stem,
        "words": len(re.findall(r"\w+(?:['’-]\w+)*", text)),
        "lines": len([line for line in code.splitlines() if line.strip()]),
        "predictions": len(re.findall(r"^\w+ = predict\(", code, re.M)) + text.count("**Predict"),
        "exercises": len(set(re.findall(r"\b(check_\w+)\(", code))),
    }


def _run(path: Path, client, process) -> dict:
    """Run all cells; the time by the clock, of the processors, and the memory afterwards."""
    began, before = time.monotonic(), _cpu(process)
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            reply = client.execute_interactive(
                "".join(cell["source"]), timeout=_DEADLINE, output_hook=lambda message: None
            )
            if reply["content"]["status"] != "ok":
                raise RuntimeError(f"{path.name}: {reply['content']['evalue']}")
    return {
        "seconds": time.monotonic() - began,
        "cpu": _cpu(process) - before,
        "megabytes": sum(map(_memory, [process, *process.children(recursive=True)])) / MEGABYTE,
        "children": len(process.children(recursive=True)),
    }


def _sessions(count: int, rounds: int) -> dict:
    """Run sessions at once; peaks of one of them, on average."""
    import psutil

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fl_krum", "session", "--rounds", str(rounds)]
        began = time.monotonic()
        running = [
            subprocess.Popen([*command, "--seed", str(seed)], cwd=ROOT, stdout=subprocess.DEVNULL,
                             env={**os.environ, "TMPDIR": folder})
            for seed in range(count)
        ]  # fmt: skip
        most = {"processes": 0, "ports": 0, "bytes": 0.0}
        while any(one.poll() is None for one in running):
            family = [one for root in running for one in _family(psutil, root.pid)]
            most["processes"] = max(most["processes"], len(family))
            most["bytes"] = max(most["bytes"], sum(map(_memory, family)))
            most["ports"] = max(most["ports"], sum(map(_listening, family)))
            time.sleep(0.2)
    if any(one.returncode for one in running):
        raise RuntimeError("a session failed")
    return {
        "count": count, "rounds": rounds, "seconds": time.monotonic() - began,
        "processes": round(most["processes"] / count), "ports": round(most["ports"] / count),
        "megabytes": most["bytes"] / count / MEGABYTE,
    }  # fmt: skip


def _family(psutil, pid: int) -> list:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _memory(process) -> float:
    """Bytes of a process, shared pages by its part where the system tells; 0 when it has ended."""
    import psutil

    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    return getattr(full, "pss", full.rss)


def _listening(process) -> int:
    import psutil

    try:
        connections = process.net_connections(kind="tcp")
    except psutil.Error:
        return 0
    return sum(one.status == psutil.CONN_LISTEN for one in connections)


def _cpu(process) -> float:
    """Seconds of processor time, with those of children that have ended."""
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks classroom",
        description="Measure what a class takes: reading time, kernels, sessions at once.",
    )
    parser.add_argument("--only", nargs="+", metavar="NN", help="numbers of notebooks, as in 01 05")
    parser.add_argument("--sessions", type=int, default=2, metavar="S", help="default 2")
    parser.add_argument("--rounds", type=int, default=20, metavar="T", help="default 20")
    parser.add_argument("--json", metavar="FILE", help="write all numbers to FILE")
    return parser
