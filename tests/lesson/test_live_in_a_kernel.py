"""A session in a real Jupyter kernel: interrupted, shut down, killed; no player process stays."""

import contextlib
import os
import time

import pytest
from repository import ROOT

psutil = pytest.importorskip("psutil")
manager = pytest.importorskip("jupyter_client.manager", reason="jupyter is not installed")

LONG = (  # a thousand rounds: minutes if nobody ends it
    "from fl_krum.lesson.live_session import LiveSession\n"
    "session = LiveSession(n=3, f=0, rounds=1000, engine='embedded')\n"
)
START = (  # and wait until the players run: a kernel killed before cannot tidy up any more
    "import time\nsession.start()\nwhile session.state != 'running':\n    time.sleep(0.02)\n"
)
PATIENCE = 200.0


@pytest.fixture
def kernel(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    one, client = manager.start_new_kernel(kernel_name="python3", cwd=str(ROOT), env=environment)
    yield one, client
    client.stop_channels()
    with contextlib.suppress(RuntimeError):
        one.shutdown_kernel(now=True)


def players_of(one):
    """The player processes once there are all 4 of them."""
    kernel_process = psutil.Process(one.provisioner.pid)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = []
        for process in kernel_process.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.name().startswith("player ") or "mamba.player" in process.cmdline():
                    found.append(process)
        if len(found) == 4:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{len(found)} players are running")


def assert_nothing_left(players, folder):
    _, alive = psutil.wait_procs(players, PATIENCE)
    assert alive == []
    assert list(folder.glob("fl_krum-*")) == []


def assert_interrupted(one, client, folder):
    asked = client.execute(LONG + "session.run()")
    players = players_of(one)
    one.interrupt_kernel()
    reply = client.get_shell_msg(timeout=PATIENCE)
    while reply["parent_header"].get("msg_id") != asked:
        reply = client.get_shell_msg(timeout=PATIENCE)
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert_nothing_left(players, folder)
    answer = client.execute_interactive(
        "", user_expressions={"state": "session.state"}, timeout=PATIENCE
    )
    state = answer["content"]["user_expressions"]["state"]
    assert state["data"]["text/plain"] == "'stopped'"


@pytest.mark.parametrize("now", [False, True], ids=["shut down", "killed"])
def test_the_end_of_the_cell_or_of_the_kernel_ends_the_players(kernel, now, tmp_path):
    one, client = kernel
    if now:  # in the same kernel, which takes longer to start than all else
        assert_interrupted(one, client, tmp_path)
    client.execute_interactive(LONG + START, timeout=PATIENCE)
    players = players_of(one)
    one.shutdown_kernel(now=now)
    assert_nothing_left(players, tmp_path)
