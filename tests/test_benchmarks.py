"""The benchmark's own arithmetic, on made-up measurements; nothing here is timed."""

import dataclasses
import json

import numpy as np
import pytest
from matplotlib.figure import Figure

import fl_krum
from benchmarks import __main__ as command
from benchmarks import (
    cases,
    check,
    clients,
    floor,
    plain,
    plot,
    record,
    report,
    rules,
    security,
    stages,
    usage,
)
from benchmarks.accounted_player import AES, LIMBS, PYTHON, TLS, WAITING, Account
from benchmarks.cases import Case, Sample, Unavailable
from benchmarks.local_players import is_correct, total
from benchmarks.peers import PEERS, mp_spdz, processes
from benchmarks.traced_player import trace
from fl_krum import KrumProgram
from fl_krum.aggregators.weights import WEIGHTS
from fl_krum.program.cost import Round


def sample(seconds, **fields):
    values = {"with_start": seconds + 1, "running": seconds, "correct": True, **fields}
    return command.asdict(Sample(**values))


@pytest.fixture
def results():
    """Two sizes and two engines, as the JSON file has them after reading."""
    stage = {"seconds": 0.5, "cpu": 1.0, "rounds": 2, "bytes": 1_500_000}
    return json.loads(json.dumps({
        "machine": {"processor": "Some CPU", "cores": 2, "system": "Linux", "load": 0.1},
        "secure": [
            {"engine": engine, "version": "1", "n": 7, "f": 2, "d": d,
             "samples": [sample(s * d, memory=4.7e7, sent=2e6, rounds=37) for s in (1, 3, 2)]}
            for d in (10**5, 5) for engine in ("embedded", "mp-spdz")
        ],
        "stages": [{"n": 7, "f": 2, "d": 5, "stages": {
            "start": stage, "input": stage, "check": stage, "distances": stage, "masks": stage,
            "choice": stage, "output": stage,
        }}],
        "plain": [
            {"library": name, "n": 50, "f": 12, "d": 10**5,
             "samples": [{"seconds": s, "same_choice": s < 1}]}
            for name, s in (("fl_krum", 0.02), ("flower", 1.0))
        ],
        "notes": ["mpyc was not measured: it is not here"],
    }))  # fmt: skip


# --- what is measured
# ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "f"), [(3, 0), (7, 2), (8, 2), (15, 6), (30, 13)])
def test_case_takes_the_largest_f(n, f):
    assert Case(n, 5).f == f
    assert 2 * f + 2 < n <= 2 * (f + 1) + 2


def test_choice_of_cases():
    assert cases.choose() == cases.ALL
    assert cases.choose(quick=True) == cases.ALL[:2]
    assert cases.choose(d=[5, 6]) == (Case(7, 5), Case(7, 6))
    assert cases.choose(n=[9]) == (Case(9, 1000),)
    assert cases.choose(d=[1, 2], n=[7, 8]) == (Case(7, 1), Case(7, 2), Case(8, 1), Case(8, 2))


@pytest.mark.parametrize("sizes", [{"n": [2]}, {"d": [0]}, {"n": [1000]}])
def test_impossible_cases_are_refused(sizes):
    with pytest.raises(ValueError):
        cases.choose(**sizes)


@pytest.mark.parametrize(
    "arguments", [["--n", "2"], ["--repeat", "0"], ["--peers", "nobody"], ["--d", "five"]]
)
def test_command_refuses_bad_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        command.main(arguments)
    assert end.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_task_knows_the_right_result():
    task = cases.make_task(Case(5, 3))
    fixed_point = KrumProgram(n=5, f=1, d=3).fixed_point
    right = fixed_point.decode(fixed_point.encode(task.updates)[task.chosen])
    assert is_correct(right, task)
    wrong = right.copy()
    wrong[1] += fixed_point.resolution
    assert not is_correct(wrong, task)


def test_plain_measurement_compares_the_choice():
    X = plain.updates(n=7, d=4)
    right = plain.ours()(X, 2)
    assert plain.measure(plain.ours(), X, 2, right).same_choice
    assert not plain.measure(lambda X, f: X[0] + 1, X, 2, right).same_choice


def test_engines_take_turns_until_they_took_enough_time(monkeypatch):
    class Engine:
        def __init__(self, name, error=None):
            self.name, self.version, self._error = name, "1", error

        def measure(self, task):
            turns.append(self.name)
            if self._error:
                raise self._error
            return Sample(with_start=1.0, running=0.5, correct=True)

    turns, notes = [], []
    engines = [Engine("a"), Engine("b", Unavailable("gone"))]
    entries = command.measure_case(Case(3, 1), engines, 2, notes)
    assert turns == ["a", "b", "a"]
    assert [(entry["engine"], len(entry["samples"])) for entry in entries] == [("a", 2)]
    assert notes == ["b, n=3 f=0 d=1: gone"]
    monkeypatch.setattr(command, "ENOUGH", 0.0)
    (entry,) = command.measure_case(Case(3, 1), engines[:1], 5, notes)
    assert len(entry["samples"]) == 1


def test_stages_are_those_of_the_median_run(monkeypatch):
    seconds = iter([3.0, 1.0, 2.0])
    monkeypatch.setattr(
        stages, "measure", lambda task: {"input": stages.Stage(next(seconds), 0.0, 1, 8)}
    )
    (entry,) = command.measure_stages(Case(3, 1), 3, [])
    assert entry["stages"]["input"]["seconds"] == 2.0


# --- processes
# ----------------------------------------------------------------------------------------------


def test_peak_memory_of_linux():
    assert usage.parse_peak("VmPeak:\t  99 kB\nVmHWM:\t   1234 kB\nVmRSS:\t 12 kB\n") == 1234 * 1024
    with pytest.raises(ValueError):
        usage.parse_peak("Name:\tpython\nState:\tZ (zombie)\n")


def test_total_needs_every_player():
    assert total([{"player": 0, "bytes": 3}, {"player": 1, "bytes": 4}], "bytes") == 7
    assert total([{"player": 0, "bytes": 3}, {"player": 1}], "bytes") is None
    assert total([], "bytes") is None


def test_blame_goes_to_who_failed_by_itself():
    assert processes.blame([0, 0]) is None
    assert processes.blame([-9, 0, 1, 2]) == 2
    assert processes.blame([0, -9]) == 1


def test_trace_keeps_the_last_portion_of_a_round():
    class Network:
        rounds = 0

        def exchange(self, new):
            self.rounds += new
            return "data"

    ends = {}
    exchange, network = trace(Network.exchange, ends), Network()
    assert [exchange(network, new) for new in (True, False, True)] == ["data"] * 3
    assert list(ends) == [1, 2]
    assert ends[1] < ends[2]


def test_seconds_are_split_by_stage():
    rounds = [Round("input", "input", 1, 0, 1), Round("masks", "deal", 1, 0, 2),
              Round("masks", "open", 1, 0, 2), Round("output", "output", 1, 0, 1)]  # fmt: skip
    # (time, CPU-seconds) of two players; the agreement on keys comes first
    first = [(9.0, 1.0), (10.5, 1.5), (11.0, 1.6), (12.0, 2.0), (13.0, 2.1)]
    second = [(9.5, 2.0), (10.0, 2.0), (11.5, 2.5), (11.8, 2.5), (13.1, 2.5)]
    result = stages.split([first, second], rounds, begin=10.0, end=13.5)
    assert list(result) == ["input", "masks", "output"]
    assert [stage.seconds for stage in result.values()] == pytest.approx([0.5, 1.5, 1.5])
    assert [stage.cpu for stage in result.values()] == pytest.approx([0.5, 1.0, 0.1])
    assert [stage.rounds for stage in result.values()] == [1, 2, 1]
    assert result["masks"].bytes == rounds[1].bytes + rounds[2].bytes


def test_a_wrong_count_of_rounds_is_an_error():
    with pytest.raises(ValueError, match="counts 1 rounds"):
        stages.split([[(0.0, 0.0)] * 3], [Round("input", "input", 1, 0, 1)], 0.0, 1.0)


def test_players_without_shares_are_left_out_of_the_stages():
    rounds = [Round("input", "input", 1, 0, 1)]
    holder = [(float(k), float(k)) for k in range(6)]  # five rounds draw the holders and the keys
    result = stages.split([holder, holder[:2], holder], rounds, begin=4.5, end=6.0)
    assert (result["input"].seconds, result["input"].cpu) == (1.5, 2.0)


def test_a_call_within_another_one_counts_for_itself():
    ticks = iter([0.0, 1.0, 5.0, 6.0])
    account = Account(lambda: next(ticks))
    draw = account.timed(AES, lambda: None)
    split = account.timed(LIMBS, draw)
    account.timed(LIMBS, split)()  # one kind within itself is one call
    assert account.spent["input", AES] == 4.0
    assert account.spent["input", LIMBS] == 2.0


def test_a_stage_of_its_own_within_another_one():
    account = Account()
    account.turn("check")
    seen = account.staged("verification", lambda: account.stage)()
    assert (seen, account.stage) == ("verification", "check")
    stages, drawn, sent = account.so_far()
    assert set(stages) == {"input", "check", "verification"} and (drawn, sent) == (0, 0)


def test_profiles_leave_out_the_first_aggregation():
    first = [{"check": {TLS: 1.0, "all": 3.0, WAITING: 1.0}}, 100, 10]
    last = [{"check": {TLS: 5.0, "all": 13.0, WAITING: 3.0}, "scores": {"all": 2.0}}, 300, 20]
    found, drawn, sent = floor.add_up([[first, last]] * 3, repeat=2, holders=[0, 1])
    assert found["check"] == {
        **dict.fromkeys(found["check"], 0.0), TLS: 6.0, PYTHON: 9.0, WAITING: 1.0,
    }  # fmt: skip
    assert found["scores"][PYTHON] == 3.0
    assert (drawn, sent) == (300.0, 15.0)


def test_the_floor_is_made_of_what_was_sent_and_drawn():
    case = Case(3, 4)
    profile = floor.Profile(0.5, {"check": dict.fromkeys(floor.KINDS, 0.1)}, 1e9, 1e9)
    least = floor.floor(case, profile)
    assert least[AES] > 0.01 and least[TLS] > 0.01
    text = floor.table(case, "active", profile, least)
    assert text.splitlines()[-1].startswith("floor ")
    assert "n=3 f=0 d=4, active: 0.50 s" in text


# --- peers
# ----------------------------------------------------------------------------------------------

# What shamir-party.x 0.4.2 prints on player 0 (n = 7, d = 5).
SAID = """\
Using statistical security parameter 40
The following benchmarks are including preprocessing (offline phase).
Time = 0.426881 seconds 
Data sent = 2.18106 MB in ~43 rounds (party 0 only; use '-v' for more details)
Global data sent = 16.9094 MB (all parties)
"""  # noqa: W291


def test_mp_spdz_is_understood():
    finished = processes.Finished(0.7, 1.2, None, [SAID, ""])
    assert mp_spdz.parse(finished) == {"running": 0.426881, "sent": 16.9094e6, "rounds": 43}
    with pytest.raises(processes.PeerError):
        mp_spdz.parse(processes.Finished(0.7, 1.2, None, ["Timed out waiting for peer.", ""]))


def test_mp_spdz_version():
    assert mp_spdz.find_version("The changelog\n\n## 0.4.2 (Dec 24, 2025)\n## 0.4.1\n") == "0.4.2"
    assert mp_spdz.find_version("") == "unknown"


@pytest.mark.parametrize("home", [None, "/nowhere"])
def test_a_missing_peer_is_told(home, monkeypatch):
    for variable in ("MP_SPDZ_HOME", "SCALE_MAMBA_HOME"):
        monkeypatch.delenv(variable, raising=False)
        if home:
            monkeypatch.setenv(variable, home)
    for name in (*(peer for peer in PEERS if peer.startswith("mp-spdz")), "scale-mamba"):
        with pytest.raises(Unavailable, match="_HOME"):
            PEERS[name]()


def test_programs_of_the_peers_are_there():
    assert "reveal_to(0)" in mp_spdz.PROGRAM.read_text(encoding="utf-8")


# --- what is written
# ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["semi-honest", "active"])
def test_a_small_record_is_right(security, capsys):
    arguments = ["--n", "5", "--d", "70000", "--threshold", "1", "--security", security]
    assert record.main(arguments) == 0
    said = capsys.readouterr().out
    assert f"m=4 d=70,000 t=1, words of 28 bits, {security}" in said
    assert said.rstrip().endswith("right")


def test_a_record_has_the_longest_words_that_fit():
    program = record.make_program(10, 11_000_000, 3)
    assert (program.f, program.average, program.fixed_point.bits) == (3, 7, 26)
    words = np.random.default_rng(0).integers(0, 2**26, (10, 5), np.uint64)
    scores = fl_krum.krum_scores(words, 3)
    best = np.sort(words[np.argsort(scores)[:7]].astype(int), axis=0)
    mean = (best.sum(axis=0) / 7 - 2**25) / 2**16
    small = dataclasses.replace(program, d=5)
    assert record.is_right(mean, words, small)
    assert not record.is_right(mean + 2**-16, words, small)


def test_medians():
    assert report.medians(
        [
            {"a": 3.0, "b": None, "c": None, "ok": True},
            {"a": 1.0, "b": 5.0, "c": None, "ok": True},
            {"a": 2.0, "b": 7.0, "c": None, "ok": False},
        ]
    ) == {"a": 2.0, "b": 6.0, "c": None, "ok": False}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0"), (0.001234, "0.00123"), (0.1, "0.100"), (1.0, "1.00"), (9.999, "10.0"),
     (13.14, "13.1"), (99.96, "100"), (1234.5, "1234")],
)  # fmt: skip
def test_numbers_have_three_digits(value, text):
    assert report.number(value) == text


def test_tables_are_markdown():
    lines = report.table(["n", "engine"], [[7, "a"], [15, "longer"]]).splitlines()
    assert lines == [
        "|   n | engine |",
        "| --: | ------ |",
        "|   7 | a      |",
        "|  15 | longer |",
    ]


def test_report_says_everything(results):
    text = report.markdown(results)
    for said in (
        "Some CPU, 2 cores", "| 10^5 | MP-SPDZ ", "|    5 | fl_krum, embedded |",
        "| masks     |", "yes", "no", "mpyc was not measured: it is not here",
    ):  # fmt: skip
        assert said in text
    assert "WRONG" not in text
    assert text.index("|    5 | fl_krum") < text.index("| 10^5 | fl_krum")


def test_report_shouts_at_a_wrong_result(results):
    results["secure"][0]["samples"][1]["correct"] = False
    assert "WRONG RESULT" in report.markdown(results)


def test_curves_are_medians_in_the_order_of_d(results):
    lines = plot.curves(results["secure"])
    assert lines["embedded"] == lines["mp-spdz"] == [(5, 10), (10**5, 2 * 10**5)]


def test_shares_leave_out_the_start(results):
    assert plot.stage_shares(results["stages"][0]["stages"]) == pytest.approx(
        [1 / 6] * 3 + [2 / 6, 1 / 6]
    )


def test_names_of_lines_are_kept_apart():
    assert plot.spread([0.0, 0.1, -1.0], 0.3) == [0.0, 0.3, -1.0]


@pytest.mark.parametrize(
    ("seconds", "said"), [(4e5, "2.0 times as fast as MP-SPDZ"), (1e5, "2.0 times as long as")]
)
def test_headline_compares(results, seconds, said):
    results["secure"][1]["samples"] = [sample(seconds)]
    assert said in plot.headline(results)


@pytest.mark.filterwarnings("error:constrained_layout", "error:Glyph")
def test_picture_is_drawn(results, tmp_path):
    assert isinstance(plot.benchmark_figure(results), Figure)
    source, target = tmp_path / "benchmark.json", tmp_path / "new" / "benchmark.png"
    source.write_text(json.dumps(results))
    plot.main([str(source), str(target)])
    assert target.read_bytes().startswith(b"\x89PNG")


def test_results_are_written(results, tmp_path, capsys):
    command.write(results, tmp_path / "out")
    assert sorted(file.suffix for file in (tmp_path / "out").iterdir()) == [".json", ".md", ".png"]
    assert json.loads((tmp_path / "out" / "benchmark.json").read_text()) == results
    assert "| MP-SPDZ " in capsys.readouterr().out


def test_updates_are_not_a_tie():
    X = plain.updates(n=9, d=50)
    assert len(np.unique(np.linalg.norm(X, axis=1))) == 9


# --- the check ------------------------------------------------------------------------------------


def test_what_the_check_costs():
    cost = check.measure(d=3, repeat=1, n=3)
    assert all(seconds > 0 for seconds in cost.seconds) and cost.ratio > 0
    assert cost.rounds[1] == cost.rounds[0] + 3 and cost.bytes[1] > cost.bytes[0]
    assert len(check.line(3, cost).split()) >= 9


def test_what_it_costs_that_players_may_deviate():
    cost = security.measure(d=3, repeat=1, n=3)
    assert cost.rounds[1] > cost.rounds[0] and cost.bytes[1] > cost.bytes[0] and cost.ratio > 0


def test_the_check_is_not_measured_for_no_case(capsys):
    with pytest.raises(SystemExit):
        check.main(["--n", "2"])
    assert "error:" in capsys.readouterr().err


def test_what_the_rules_cost(capsys):
    assert rules.main("--n 4 --d 2 --repeat 1 --threshold 1".split()) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[3] for line in lines] == list(WEIGHTS)
    assert all(len(line.split()) >= len(heading.split()) - 1 for line in lines)
    bits = [program.fixed_point.bits for program in rules.programs(7, 10**5, None, 2)]
    assert bits == [24, 24, 24]  # the longest that all can have: with clipping, no more
    with pytest.raises(ValueError, match="at least n = 3"):
        rules.programs(2, 5, None, 2)


# --- many clients
# ----------------------------------------------------------------------------------------------


def test_a_line_of_clients_ends_where_it_takes_too_long():
    class Engine:
        def __init__(self, name, seconds):
            self.name, self._seconds = name, seconds

        def measure(self, task):
            seconds = self._seconds * task.case.n
            return Sample(with_start=seconds, running=seconds, correct=True)

    engines = [Engine("mp-spdz", 1.0), Engine("mp-spdz-atlas", 0.1)]
    points = clients.measure([8, 7, 9], 5, engines, 1, longest=7.5)
    assert [point["n"] for point in points if point["engine"] == "mp-spdz"] == [7, 7, 8, 8]
    best = clients.curves(points)  # of both engines
    assert best.keys() == {("MP-SPDZ", 3), ("MP-SPDZ", None)}
    for line in best.values():
        assert [n for n, _ in line] == [7, 8, 9]
        assert [seconds for _, seconds in line] == pytest.approx([0.7, 0.8, 0.9])


def test_figure_of_clients_names_every_line():
    points = [
        {"engine": engine, "n": n, "threshold": t, "samples": [sample(s * n)]}
        for engine, s in (("embedded", 0.1), ("mp-spdz", 1))
        for t in (3, None)
        for n in (7, 20)
    ]
    (axes,) = clients.clients_figure({"d": 100, "points": points}).axes
    names = {text.get_text() for text in axes.texts}
    assert names == {f"{w}, t = {t}" for w in ("fl_krum", "MP-SPDZ") for t in ("3", "⌊n/2⌋")}
    assert clients.markdown(points).count("\n") == 1 + len(points)
