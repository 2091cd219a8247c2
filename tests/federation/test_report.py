"""Files of sessions: complete, valid, whole whatever happens, and enough to go on from."""

import errno
import json
import os
import stat

import fastjsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repository import ROOT

from fl_krum import __version__
from fl_krum.aggregators.rules import AGGREGATORS
from fl_krum.federation import report as report_module
from fl_krum.federation.attacks import ATTACKS
from fl_krum.federation.records import RoundError, RoundRecord, plain
from fl_krum.federation.report import Report, read_report, write_whole
from fl_krum.federation.session import FederatedSession

SCHEMA = json.loads((ROOT / "fl_krum/federation/session.schema.json").read_text())
validate = fastjsonschema.compile(SCHEMA)


def small(**arguments):
    return FederatedSession(**{"clients": 5, "byzantine": 1, "rounds": 3, **arguments})


def without_time(records):
    return [{**record.as_json(), "seconds": None} for record in records]


class Median:
    def aggregate(self, X):
        return np.median(X, axis=0)


class Players:
    """Of the form of LocalPlayers: what has a program computes Multi-Krum."""

    def __init__(self, wrong=False):
        from fl_krum.program.krum_program import KrumProgram

        self.program, self.engine = KrumProgram(5, 1, 5, rounds=3, average=2), "embedded"
        self.wrong, self.excluded = wrong, (2,)

    def aggregate_words(self, words):
        from fl_krum.aggregators.krum import krum

        best = krum(words, 1, [1]).ranking[:2]
        total = words[best].sum(axis=0) + np.uint64(self.wrong)
        return self.program.fixed_point.decode(total, 2)

    def aggregate(self, updates):
        raise AssertionError("words go in as they are, rounded once")


# --- What records and settings say ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (Median(), "Median"),
        ("median", "median"),
        ("trimmed-mean", "trimmed-mean"),
        (AGGREGATORS["mean"], "mean"),
        (lambda X: X[0], "<lambda>"),
    ],
)
def test_of_another_rule_nothing_is_said_that_is_about_krum(rule, name):
    session = small(aggregate=rule, rounds=1, compare=False)
    (record,) = session.run()
    assert (session.settings["rule"], session.settings["average"]) == (name, None)
    for key in ("matches_plaintext", "chosen", "averaged", "byzantine_chosen", "accuracy_krum"):
        assert getattr(record, key) is None, key


def test_multi_krum_in_the_clear_is_multi_krum():
    session = small(aggregate="multi-krum", attack="none")
    for record in session.run():
        assert len(record.averaged) == 4 and record.chosen == record.averaged[0]
        mean = record.updates[list(record.averaged)].mean(axis=0)
        np.testing.assert_array_equal(record.vector, mean)
        liars = set(session.byzantine_clients)
        assert record.byzantine_chosen == bool(liars & set(record.averaged))
        assert record.accuracy_krum == record.accuracy
    assert session.settings["rule"] == "multi-krum" and session.settings["average"] == 4


@pytest.mark.parametrize("wrong", [False, True])
def test_players_are_compared_with_what_they_compute(wrong):
    session = small(aggregate=Players(wrong))
    for record in session.run():
        assert record.matches_plaintext is not wrong
        assert len(record.averaged) == 2 and 1 not in record.averaged and record.excluded == (2,)
    assert session.settings["rule"] == "multi-krum" and session.settings["engine"] == "embedded"


def test_settings_say_all_that_is_run():
    session = small(
        attack="gaussian", partition="dirichlet", alpha=np.float64(0.3), seed=np.int64(7)
    )
    said = json.loads(json.dumps(session.settings))
    assert said["version"] == __version__ and said["seed"] == 7
    assert (said["bits"], said["fraction"]) == (28, 16)
    assert said["byzantine_clients"] == list(session.byzantine_clients)
    assert said["attack_parameters"] == {"deviation": 200.0}
    assert said["alpha"] == 0.3 and small().settings["alpha"] is None
    for attack in ATTACKS.values():
        json.dumps(attack.parameters)


def test_a_record_is_ready_for_json():
    (record,) = small(rounds=1).run()
    assert RoundRecord.from_json(json.loads(json.dumps(record.as_json()))) == record


# What JSON escapes, and what needs one to four bytes; of all letters Hypothesis would make a table.
text = st.text('a"\\\n\x00éΩ\u2028\ud800\U0001f600', max_size=3)


@settings(max_examples=20)
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner),
    max_leaves=6,
))  # fmt: skip
def test_plain_values_are_json_that_every_parser_reads(value):
    text = json.dumps(plain({"one": value, "two": np.array([1.0, np.nan])}), allow_nan=False)
    assert json.loads(text)["two"] == [1.0, None]


# --- The file ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"aggregate": "median", "compare": False},
        {"partition": "dirichlet", "attack": "min-max"},
        {"aggregate": Median(), "attack": lambda honest, f, rng, previous: previous},
        {"byzantine": 0, "attack": "none", "clients": 3},
        {"aggregate": Players()},
    ],
)
def test_files_have_the_form_that_the_schema_says(tmp_path, arguments):
    path = tmp_path / "out.json"
    session = small(**arguments)
    seen = []
    session.run(lambda record: seen.append(json.loads(path.read_text())), file=path)
    last = json.loads(path.read_text())
    for content in [*seen, last]:
        validate(content)
    assert [len(content["rounds"]) for content in seen] == [1, 2, 3]
    assert [content["finished"] for content in seen] == [False] * 3 and last["finished"]
    assert last["settings"] == session.settings and last["start"] == session.start.tolist()
    documented = (ROOT / "docs/records.md").read_text()
    for key in [*last, *last["settings"], *last["rounds"][0]]:
        assert f"`{key}`" in documented, key
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


@pytest.mark.parametrize("arguments", [{}, {"compare": False}, {"aggregate": "median"}])
@pytest.mark.parametrize("after", [1, 3])
def test_a_session_goes_on_bit_for_bit(tmp_path, arguments, after):
    arguments = {"attack": "alie", "seed": 5, **arguments}
    whole = small(rounds=4, **arguments).run()
    path = tmp_path / "out.json"
    first = small(rounds=after, **arguments).run(file=path)
    for record in (first[-1], read_report(path).records[-1]):
        rest = small(rounds=4, **arguments, start=record).run()
        assert without_time(first) + without_time(rest) == without_time(whole)


def test_a_start_of_ones_own():
    start = [0.5, -1, 2, 0, 3]
    session = small(start=start, rounds=1)
    assert session.start.tolist() == start
    assert session.settings["start_accuracy"] == session.accuracy(start)
    assert session.run()[0].vector != small(rounds=1).run()[0].vector
    for wrong in ([1, 2], [np.nan] * 5, "zeros", np.zeros((5, 1))):
        with pytest.raises(ValueError, match="start"):
            small(start=wrong)
    (record,) = small(rounds=1).run()
    with pytest.raises(ValueError, match="rounds must be more than the 1"):
        small(start=record, rounds=1)


def fails_in_round(number, error):
    calls = []

    def train(vector, x, y, rng):
        calls.append(1)
        if len(calls) > 5 * (number - 1):
            raise error
        return vector + 1.0

    return {"train": train, "attack": "none", "compare": False}


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(143), OSError(5, "bad disk"), ValueError("bad data")]
)
def test_whatever_ends_a_run_its_rounds_are_kept(tmp_path, error):
    path = tmp_path / "out.json"
    session = small(**fails_in_round(3, error), rounds=9)
    with pytest.raises((type(error), RoundError)) as caught:
        session.run(file=path)
    assert caught.value.round == 3
    assert [r.round for r in caught.value.records] == [r.round for r in session.records] == [1, 2]
    stored = read_report(path)
    assert without_time(stored.records) == without_time(session.records)
    assert not json.loads(path.read_text())["finished"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EIO])
@pytest.mark.parametrize("when", ["write", "fsync"])
def test_a_full_disk_names_the_file_and_destroys_nothing(tmp_path, monkeypatch, number, when):
    path = tmp_path / "out.json"
    path.write_text("an older result")

    def fail(*arguments):
        raise OSError(number, os.strerror(number))

    if when == "fsync":
        monkeypatch.setattr(report_module.os, "fsync", fail)
    else:
        real = type(path).open

        class Full:
            def __init__(self, file):
                self.file = file

            def __enter__(self):
                return self

            def __exit__(self, *_):
                self.file.close()

            write = fail

        monkeypatch.setattr(type(path), "open", lambda self, *a, **o: Full(real(self, *a, **o)))
    session = small(compare=False)
    with pytest.raises(OSError) as caught:
        session.run(file=path)
    monkeypatch.undo()
    assert caught.value.filename == str(path) and caught.value.errno == number
    assert [record.round for record in caught.value.records] == [1]
    assert path.read_text() == "an older result"
    assert [one.name for one in tmp_path.iterdir()] == ["out.json"]


def test_a_second_session_on_the_same_file_is_noticed(tmp_path):
    path = tmp_path / "out.json"
    first, second = small(rounds=2).rounds(), small(rounds=2, seed=1).rounds()
    ours, theirs = Report(path, {}, np.zeros(5)), Report(path, {}, np.ones(5))
    ours.add(next(first))
    theirs.add(next(second))
    with pytest.raises(OSError, match="out.json has been written by somebody else"):
        ours.add(next(first))
    assert theirs.is_ours() and not ours.is_ours()
    theirs.add(next(second))
    theirs.finish()
    assert len(read_report(path).records) == 2 and read_report(path).start.all()
    path.unlink()  # which nobody else has written: the whole file is there again
    theirs.finish()
    assert len(read_report(path).records) == 2


def test_a_file_is_replaced_with_its_mode_and_behind_its_link(tmp_path):
    path, link = tmp_path / "out.json", tmp_path / "link.json"
    path.write_text("old")
    path.chmod(0o640)
    try:
        link.symlink_to(path)
    except OSError:
        pytest.skip("no links for this user")
    write_whole(link, "new")
    assert path.read_text() == "new" and link.is_symlink()
    assert os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o640
    write_whole(os.devnull, "nothing")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is not the file of a session"),
        ("[1, 2]", "is not the file of a session"),
        ('{"rounds": []}', "is not the file of a session"),
        ('{"format": "fl_krum session", "schema": 2}', "has the schema 2; this version reads 1"),
        ('{"format": "fl_krum session", "schema": 1, "rounds": [{}]}', "is damaged"),
        ('{"format": "fl_krum session", "schema": 1, "rounds": 3}', "is damaged"),
    ],
)
def test_files_that_are_none(tmp_path, content, words):
    path = tmp_path / "out.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=words):
        read_report(path)
