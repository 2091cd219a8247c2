"""Players that a fork server forks: as well guarded as those that are started one by one."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_engine import processes, run_script
from repository import ROOT

from fl_krum.players import embedded, fork_server, launching
from fl_krum.players.certificates import issue
from fl_krum.players.local_players import LocalPlayers, PlayerError
from fl_krum.players.process import Command
from fl_krum.program.krum_program import KrumProgram

V = [[1, 2], [1, 2], [3, 4]]  # Krum chooses row 0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="players are forked on Linux only")


def program(rounds=1):
    """Four players: what they compute is not the subject here."""
    return KrumProgram(n=3, f=0, d=2, rounds=rounds, check=False)


@pytest.fixture(autouse=True)
def forking(monkeypatch):
    monkeypatch.delenv(launching.FORK_SERVER, raising=False)
    yield
    fork_server.discard()


@pytest.fixture
def server():
    one = fork_server.ForkServer(launching.fork_server_command())
    yield one
    one.close()


@pytest.fixture(scope="module")
def a_server_of_many():
    one = fork_server.ForkServer(launching.fork_server_command())
    yield one
    one.close()


def state(pid):
    """The state of a process as `ps` gives it, or "" when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def assert_gone(pids, seconds=200.0):
    until = time.monotonic() + seconds
    while left := {pid for pid in pids if state(pid) not in ("", "Z")}:
        assert time.monotonic() < until, f"these still run: {left}"
        time.sleep(0.02)


def all_pids(players):
    return [players._supervisor._fork_server.pid, *(process.pid for process in processes(players))]


def descriptors(pid):
    """What every open file descriptor of a process leads to."""
    folder = Path(f"/proc/{pid}/fd")
    return {int(file.name): os.readlink(file) for file in folder.iterdir()}


# --- as the supervisor sees it --------------------------------------------------------------------


def test_players_are_forked_and_nothing_is_left(monkeypatch):
    keys = []

    def note(*arguments):
        issued = issue(*arguments)
        keys.extend(player.key for player in issued.players)
        return issued

    monkeypatch.setattr("fl_krum.players.certificates.issue", note)
    with LocalPlayers(program(2), "embedded") as players:
        pids = all_pids(players)
        for pid in pids:
            assert os.getsid(pid) == os.getpgid(pid) == pid  # Ctrl-C in the terminal reaches none
        names = [Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids[1:]]
        assert names == [f"player {i}" for i in range(4)]
        parents = [Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split()[1] for p in pids]
        assert parents == [str(os.getpid()), *[str(pids[0])] * 4]
        assert players.aggregate(V).tolist() == [1, 2]
        assert_nobody_else_holds_a_players_pipes(pids)
        word = str(players.program.fixed_point.encode(V)[2, 1]).encode()
        assert_arguments_and_environment_hold_no_secret(pids, word, keys)
        assert players.aggregate(V).tolist() == [1, 2]
    assert [process.poll() for process in processes(players)] == [0] * 4
    fork_server.discard()
    assert [state(pid) for pid in pids] == [""] * 5  # not even as zombies


def assert_nobody_else_holds_a_players_pipes(pids):
    """Else a player would not notice that the one who feeds it has gone."""
    held = {pid: descriptors(pid) for pid in pids}
    for pid in pids[1:]:
        pipes = [held[pid][standard] for standard in range(3)]
        assert all(pipe.startswith("pipe:") for pipe in pipes)
        for other in pids:
            assert other == pid or not set(pipes) & set(held[other].values())
    control = held[pids[0]][0]
    assert control.startswith("socket:")
    for pid in pids[1:]:
        assert control not in held[pid].values()
        rest = [file for number, file in held[pid].items() if number > 2]
        own = "socket:", "anon_inode:[eventpoll]"  # TLS to the other players, and its selector
        assert all(file.startswith(own) for file in rest)


def assert_arguments_and_environment_hold_no_secret(pids, word, keys):
    assert len(keys) == 4
    for pid in pids:
        known = b"".join(
            Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")
        )
        assert b"mamba.fork_server" in known
        assert word not in known and b"PRIVATE" not in known
        assert all(line not in known for key in keys for line in key.splitlines()[1:-1])


def test_a_suspended_player_is_found_out():
    players = LocalPlayers(program(), "embedded")
    with pytest.raises(PlayerError, match="player 2 was suspended in round 1"), players:
        players._deadline = 1.0  # of the round: a start takes its time on a busy machine
        pids = all_pids(players)
        os.kill(pids[3], signal.SIGSTOP)
        players.aggregate(V)
    assert_gone(pids)


def test_a_killed_fork_server_is_named_and_takes_all_players_along():
    players = LocalPlayers(program(2), "embedded")
    with pytest.raises(PlayerError, match="fork server was killed by SIGKILL in round 2") as caught:  # noqa: SIM117
        with players:
            players.aggregate(V)
            pids = all_pids(players)
            os.kill(pids[3], signal.SIGSTOP)  # which could not notice anything by itself
            os.kill(pids[0], signal.SIGKILL)
            players.aggregate(V)
    assert (caught.value.player, caught.value.status) == (None, None)
    assert_gone(pids)


def test_a_fork_server_that_does_not_start_says_why(monkeypatch):
    broken = Command((sys.executable, "-c", "import sys; sys.exit('there is no NumPy')"), ROOT)
    monkeypatch.setattr(embedded, "fork_server_command", lambda: broken)
    with pytest.raises(PlayerError, match="fork server ended with exit status 1 while") as caught:
        LocalPlayers(program(), "embedded").start()
    assert "there is no NumPy" in str(caught.value)


def test_a_fork_server_that_is_not_there(monkeypatch):
    monkeypatch.setattr(
        embedded, "fork_server_command", lambda: Command(("/no/such/program",), ROOT)
    )
    with pytest.raises(PlayerError, match="fork server could not be started: .*no/such"):
        LocalPlayers(program(), "embedded").start()


def test_taken_ports_are_tried_again(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free, tried = embedded.free_ports, []

        def ports(count):
            tried.append(count)
            return [*free(count - 1), taken.getsockname()[1] if len(tried) == 1 else free(1)[0]]

        monkeypatch.setattr(embedded, "free_ports", ports)
        with LocalPlayers(program(), "embedded") as players:
            assert players.aggregate(V).tolist() == [1, 2]
    assert tried == [4, 4]


def test_players_one_after_another():
    """A fork server that is lost is replaced; what cannot be forked is spawned."""
    forks = fork_server.Forks(launching.fork_server_command())
    try:
        command = Command((), ROOT, player_arguments=("--help",))
        first, second = forks(command), forks(command)
        assert (first.wait(60), second.wait(60)) == (0, 0)
        server = forks._server
        os.kill(server.pid, signal.SIGKILL)
        server._listener.join(60)
        assert forks(command).wait(60) == 0
    finally:
        forks.close()
    other = Command((sys.executable, "-c", "exit(3)"), ROOT, launching.environment())
    with pytest.raises(OSError, match="has been ended"):
        forks(command)
    assert forks(other).wait() == fork_server.Forks(None)(other).wait() == 3


ABANDON = """
import signal
from fl_krum.players.local_players import LocalPlayers
players = LocalPlayers(KrumProgram(n=3, f=0, d=2, check=False), "embedded")
players.start()
pids = [process.pid for process in processes(players)]
print(players._supervisor._fork_server.pid, *pids, flush=True)
os.kill(pids[2], signal.SIGSTOP)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_parent_leaves_nothing(tmp_path):
    """Not even a suspended player, which does not notice the end of its standard input."""
    run = run_script(ABANDON, tmp_path)
    assert run.returncode == -9, run.stderr
    pids = list(map(int, run.stdout.split()))
    assert len(pids) == 5
    assert_gone(pids)


# --- what a player has, and has not ---------------------------------------------------------------


DRAW = """
import os, ssl, sys
from mamba.randomness import Randomness
drawn = [os.urandom(16), ssl.RAND_bytes(16), Randomness().bytes(16)]
print(*[value.hex() for value in drawn], file=sys.stderr)
"""


def run_players(server, folder, source, count=3):
    """Run a program's text in forked players; their statuses and what they said on both outputs."""
    issue(count).write(folder)
    (folder / "test.mpc").write_text(source)
    ports = ",".join(map(str, embedded.free_ports(count)))
    options = ("--ports", ports, "--certificates", str(folder))
    players = [server.start((str(i), str(folder / "test.mpc"), *options)) for i in range(count)]
    statuses = [player.wait(200) for player in players]
    return statuses, [(player.stdout.read(), player.stderr.read()) for player in players]


def test_players_have_no_randomness_in_common(a_server_of_many, tmp_path):
    statuses, said = run_players(a_server_of_many, tmp_path, DRAW)
    assert statuses == [0] * 3
    drawn = [errors.splitlines()[-2].split() for _, errors in said]  # last is what was sent
    assert [len(values) for values in drawn] == [3] * 3
    assert len({value for values in drawn for value in values}) == 9


# --- as a fork server's own user sees it ---------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        ("import os; os._exit(7)", 7, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit(5)", 5, ""),
        ("raise KeyboardInterrupt", 1, "Traceback"),
        ("import os; os.kill(os.getpid(), 15)", -15, ""),
        ("1 / 0", 1, "by zero (in: 1 / 0)"),
    ],
)
def test_how_a_player_ended_is_told(a_server_of_many, tmp_path, source, status, words):
    statuses, said = run_players(a_server_of_many, tmp_path, source)
    assert statuses == [status] * 3
    assert all(words in errors.decode() for _, errors in said)


@pytest.mark.parametrize("text", ["1 +", "'\\d'\n" * 5000, "x = 1\n" * (1 << 19)])
def test_a_program_that_is_told_ahead(a_server_of_many, tmp_path, text):
    """Wrong, full of what Python warns about, or too long to be told: players see to it."""
    told = {"program": text, "path": str(tmp_path / "test.mpc"), "checked": False}
    a_server_of_many.tell(json.dumps(told).encode())
    statuses, said = run_players(a_server_of_many, tmp_path, "1 +" if text == "1 +" else "1 / 0")
    assert statuses == [1] * 3
    assert all(b"test.mpc, line 1" in errors for _, errors in said)


def test_wrong_arguments_are_the_parsers_business(a_server_of_many):
    player = a_server_of_many.start(("0", "no-such.mpc"))
    assert player.wait(200) == 2
    assert b"--ports" in player.stderr.read()


def test_the_number_of_an_ended_player_stays_its_own_while_it_may_be_sent_signals(server):
    player = server.start(("0", "", "--given-on-stdin"))
    pid = player.pid
    with player._lock:  # what is told of it waits, and so does whoever would send a signal
        player.stdin.close()
        assert_gone([pid])
        assert state(pid) == "Z"
    assert player.wait(200) == 1
    until = time.monotonic() + 200
    while state(pid):
        assert time.monotonic() < until, "a zombie is left"
        time.sleep(0.02)


def test_a_player_that_is_ended_before_it_is_there(server):
    """What is asked for while the fork server is importing is done when there is a process."""
    os.kill(server.pid, signal.SIGSTOP)
    player = server.start(("0", "no-such.mpc"))
    player.kill()
    assert player.poll() is None
    os.kill(server.pid, signal.SIGCONT)
    assert player.wait(200) in (2, -9)  # it may be quicker
    with pytest.raises(OSError, match="has been ended"):
        server.close()
        server.start(("0", "no-such.mpc"))


def test_closing_ends_what_still_runs(server, tmp_path):
    (tmp_path / "test.mpc").write_text("")
    issue(3).write(tmp_path)
    ports = ",".join(map(str, embedded.free_ports(3)))
    options = ("--ports", ports, "--certificates", str(tmp_path))
    player = server.start(("0", str(tmp_path / "test.mpc"), *options))  # alone, it waits
    pids = [server.pid, player.pid]
    os.kill(pids[1], signal.SIGSTOP)
    server.close()
    assert [state(pid) for pid in pids] == ["", ""]
    assert player.poll() == -9


# --- launched before it is wanted -----------------------------------------------------------------


def test_an_early_fork_server_is_taken_or_ended():
    fork_server.launch(launching.fork_server_command())
    fork_server.launch(launching.fork_server_command())  # one is enough
    (early,) = fork_server._early
    assert fork_server.take(launching.fork_server_command()) is early
    early.close()
    fork_server.launch(Command((sys.executable, "-c", "input()"), ROOT))
    (unwanted,) = fork_server._early
    other = fork_server.take(launching.fork_server_command())
    assert other is not unwanted
    other.close()
    fork_server.discard()
    assert state(unwanted.pid) == "" and fork_server._early == []


def test_a_fork_server_stays_for_the_next_start_and_not_for_ever(monkeypatch):
    pids = []
    for rounds in (1, 2, 1):  # the second ends before its last round, and is told to
        with LocalPlayers(program(rounds), "embedded") as players:
            players.aggregate(V)
            pids.append(players._supervisor._fork_server.pid)
    assert pids == pids[:1] * 3
    (kept,) = fork_server._early
    assert not kept.is_stale
    kept._since = 0.0  # the files of the players are newer
    assert kept.is_stale
    other = fork_server.take(launching.fork_server_command())
    assert other is not kept and state(kept.pid) == ""
    fork_server.keep(other)
    pids = [other.pid]
    os.kill(pids[0], signal.SIGKILL)  # while nobody uses it
    os.waitid(os.P_PID, pids[0], os.WEXITED | os.WNOWAIT)
    monkeypatch.setattr(fork_server, "STAY", 0.1)
    with LocalPlayers(program(), "embedded") as players:
        players.aggregate(V)
        other = players._supervisor._fork_server.pid
    assert other != pids[0]
    assert_gone([other])
    assert fork_server._early == []


@pytest.mark.parametrize("arguments", ["no-such-file.npy --byzantine 1", "--byzantine one"])
def test_wrong_input_leaves_no_fork_server(tmp_path, arguments):
    mark = f"FL_KRUM_TEST={tmp_path}"
    run = subprocess.run(
        [sys.executable, "-m", "fl_krum", "aggregate", *arguments.split()],
        cwd=ROOT,
        env=dict([*os.environ.items(), mark.split("=")]),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert run.stderr.startswith("fl_krum: error: ") and run.stderr.count("\n") == 1
    left = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in environment.read_bytes():
                left.append(environment.parent.name)
        except OSError:  # somebody else's, or gone
            pass
    assert left == []
