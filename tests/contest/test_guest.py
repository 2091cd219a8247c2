"""What a hand-in may do wrong: each is one line, in time, and the next one is not affected."""

import hashlib
import os
import time

import numpy as np
import pytest

from fl_krum.contest.guest import Guest, Limits
from fl_krum.contest.hand_in import Failed, HandIn

X = np.arange(14.0).reshape(7, 2)
QUICK = Limits(seconds=60.0, memory=300)
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX limits or signals")


def ask(source, kind="rule", limits=QUICK):
    with Guest(HandIn("student.py", source), limits) as guest:
        assert guest.load() == kind
        if kind == "rule":
            return guest.rule(X, 2)
        return guest.attack(X[:5], 2, 12345, X[0])


def complaint(source, kind="rule", limits=QUICK):
    with pytest.raises(Failed) as failed:
        ask(source, kind, limits)
    assert failed.value.name == "student.py" and "\n" not in failed.value.reason
    return failed.value.reason


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("return X.mean(axis=0)", X.mean(axis=0)),
        ("return list(X[f])", X[2]),
        ("import fl_krum; return fl_krum.krum(X, f).vector", None),
        ("X[:] = 0; return [1, 2]", [1, 2]),
        ("print('noise'); import os; os.write(1, b'noise'); return X[0]", X[0]),
        ("import sys; sys.stdout.close(); sys.__stdin__.close(); return X[0]", X[0]),
    ],
)
def test_a_rule_gets_the_numbers_and_gives_some_back(body, result):
    given = ask(f"def rule(X, f):\n    {body}")
    assert given.shape == (2,) and given.dtype == np.float64
    if result is not None:
        assert (given == result).all()


def test_an_attack_sends_one_vector_or_a_row_for_each():
    one = ask("def attack(honest, f, rng, previous):\n    return -previous", "attack")
    assert (one == [-X[0], -X[0]]).all()
    rows = ask(
        "def attack(honest, f, rng, previous):\n    return rng.normal(size=(f, 2))", "attack"
    )
    assert (rows == np.random.default_rng(12345).normal(size=(2, 2))).all()


def test_memory_of_a_file_lasts_for_one_session():
    with Guest(
        HandIn("s.py", "n = [0]\ndef rule(X, f):\n    n[0] += 1; return n * 2"), QUICK
    ) as one:
        for _ in range(2):
            one.load()
            assert [one.rule(X, 2)[0], one.rule(X, 2)[0]] == [1, 2]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def rule(X, f)\n    return X", "is no Python, line 1: expected ':'"),
        ("def rule(X, f):\n    return X.mean(axis=0", "is no Python, line 2: '(' was never closed"),
        ("x = 1", "defines neither attack nor rule"),
        ("rule = attack = print", "defines both functions"),
        ("rule = 3", "defines neither"),
        ("import numpy_two", "No module named 'numpy_two'"),
        ("1 / 0", "stops in the line `1 / 0`: it divides by zero"),
        ("def rule(X):\n    return X[0]", "positional argument"),
        ("def rule(X, f):\n    y = 1\n    return np.mean(X)", "nothing has the name `np`"),
        ("def rule(X, f):\n    X.mean()", "returns nothing"),
        ("def rule(X, f):\n    return 'best'", "returns 'best', a str, no array"),
        ("def rule(X, f):\n    return X", "returns the shape (7, 2) where (2,) is expected"),
        ("def rule(X, f):\n    return 3.0", "returns the shape () where (2,)"),
        ("def rule(X, f):\n    return [1, float('nan')]", "not finite"),
        ("def rule(X, f):\n    return [1, float('-inf')]", "not finite"),
        ("def rule(X, f):\n    return [1, 1j]", "no array"),
        ("import sys\ndef rule(X, f):\n    sys.exit()", "`sys.exit()`: it ends the program"),
        ("import os\ndef rule(X, f):\n    os._exit(4)", "ends its process (exit status 4)"),
        ("def rule(X, f):\n    return rule(X, f)", "it calls itself and never ends"),
        ("def rule(X, f):\n    raise Exception('\\x1b[2J\\n' + 'a' * 5000)", "Exception:"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(source, words):
    reason = complaint(source)
    assert words in reason
    assert reason.isprintable() and len(reason) <= 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return previous[:1]", "returns the shape (1,) where (2,) or (2, 2)"),
        ("return honest", "returns the shape (5, 2)"),
        ("return previous / 0", "not finite"),
    ],
)
def test_an_attack_that_cannot_be_sent(body, words):
    source = f"def attack(honest, f, rng, previous):\n    {body}"
    assert words in complaint(source, "attack")


@pytest.mark.parametrize("body", ["import time; time.sleep(1000)", "while True: print('x' * 9999)"])
def test_what_never_ends_is_ended(body):
    began = time.monotonic()
    assert "has not answered: it has 1 s" in complaint(
        f"def rule(X, f):\n    {body}", limits=Limits(1.0, 300)
    )
    assert time.monotonic() - began < 30


def test_the_time_is_for_all_calls_together():
    source = "import time\ndef rule(X, f):\n    time.sleep(0.4); return X[0]"
    with Guest(HandIn("s.py", source), Limits(1.0, 300)) as guest, pytest.raises(Failed) as failed:
        guest.load()
        for _ in range(4):
            guest.rule(X, 2)
    assert "it has 1 s" in failed.value.reason


@POSIX
@pytest.mark.parametrize("what", ["np.ones(10**9)", "[0] * 10**9", "bytearray(2**30)"])
def test_too_much_memory_is_refused(what):
    source = f"import numpy as np\ndef rule(X, f):\n    y = {what}\n    return X[0]"
    assert "it asks for more memory than there is" in complaint(source)


@POSIX
def test_nothing_can_be_written_to_a_disk(tmp_path):
    file = tmp_path / "note"
    reason = complaint(f"def rule(X, f):\n    open({str(file)!r}, 'w').write('x' * 10**6)")
    assert "File too large" in reason and file.stat().st_size == 0


@POSIX
def test_a_child_of_a_hand_in_ends_with_it(tmp_path):
    source = (
        "import os, time\ndef rule(X, f):\n"
        "    if os.fork() == 0:\n        time.sleep(1000)\n    return X[0]"
    )
    began = time.monotonic()
    try:
        ask(source)
    except Failed as failed:  # where the number of processes is limited, which it is not for root
        assert "Resource temporarily unavailable" in failed.reason
    assert time.monotonic() - began < 30


@POSIX
def test_a_hand_in_that_answers_for_itself_is_found_out():
    source = (
        "import os\ndef rule(X, f):\n"
        "    for number in range(3, 20):\n"
        "        try: os.write(number, b'[[[[' * 3000 + b'\\n')\n"
        "        except OSError: pass\n"
        "    return X[0]"
    )
    assert "writes into the pipe" in complaint(source)


def digest(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


SPY = """
import hashlib, os, re, sys

def rule(X, f, more=""):
    frame, seen = sys._getframe(), [more, repr(dict(os.environ)), repr(sys.argv)]
    while frame:
        seen.append(repr(frame.f_locals) + repr(frame.f_globals))
        frame = frame.f_back
    numbers = set(re.findall("[0-9]+", " ".join(seen)))
    if any(hashlib.sha256(number.encode()).hexdigest() == "DIGEST" for number in numbers):
        raise Exception("found")
    return X[0]
"""


def test_a_spy_finds_what_it_is_told_and_no_hidden_seed():
    """The seed, from all that a match tells a rule; that it was 7 rows, it does find."""
    from fl_krum.contest.match import Setting, play

    setting = Setting(seeds=(2718281828,), rounds=1, limits=QUICK)
    told = play(HandIn("spy.py", SPY.replace("DIGEST", digest(7))), "none", setting)
    assert told.failed is not None and "found" in told.failed.reason
    hidden = play(HandIn("spy.py", SPY.replace("DIGEST", digest(2718281828))), "none", setting)
    assert hidden.failed is None


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"seconds": float("nan")}, {"memory": 0}])
def test_limits_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)
