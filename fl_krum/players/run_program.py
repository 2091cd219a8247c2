"""`run_program`: any text in the MAMBA language, run by players on this machine.

The players are started for this one program, given their inputs, and gone when it ends, however it
ends. As with `LocalPlayers`, this process knows all inputs; what is private is private between the
player processes.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from . import fork_server, run_folder
from .engine import Engine, MambaProgram, RunPlan
from .find_engine import choose_engine
from .problems import Problem, ProgramError
from .process import PlayerError
from .program_inputs import count_players, words_of_players
from .program_result import ProgramResult, read_transcript
from .supervisor import Supervisor
from .wire_text import in_pieces


def run_program(
    text: str,
    inputs: Mapping[int, Any] | Sequence[Any] = (),
    players: int | None = None,
    engine: str | Engine = "auto",
    deadline: float | None = None,
    views: bool = False,
    name: str = "program.mpc",
    threshold: int | None = None,
    security: str | None = None,
) -> ProgramResult:
    """Run a program in the MAMBA language among players on this machine.

    Run only programs that you have read or whose author you trust: the embedded players execute the
    text as Python, and it can do whatever you can do on this machine.

    Parameters
    ----------
    text : str
    inputs : mapping of int to values, or sequence of values
        What each player inputs, by its number: one integer from 0 to 2^64 - 1, or any number of
        them in a list or an array.
    players : int, optional
        How many there are, 3 at least; by default as many as have an input.
    engine : {"auto", "embedded", "scale-mamba", "mp-spdz"} or Engine
        The kind of player, see `fl_krum.players.find_engine`.
    deadline : float, optional
        Seconds that the program may take once the players are up; by default what the engine
        proposes, 60 s on embedded players.
    views : bool
        Whether to record what each player sees; embedded players only.
    name : str
        What error messages call the program.
    threshold : int, optional
        How many holders of shares may pool what they see without learning anything, t; by default
        (players - 1) / 2, rounded down, the largest. With a smaller one, 2t + 1 embedded players
        are drawn to hold shares, which is faster and protects against fewer.
    security : {"semi-honest", "active"}, optional
        Whether holders of shares may deviate from the protocol, which ends the run; by default the
        engine's own, semi-honest for embedded players. See docs/deviating-players.md.

    Returns
    -------
    ProgramResult

    Raises
    ------
    ValueError
        Inputs, players, threshold or deadline are out of range, or the engine cannot be used;
        nothing was started.
    ProgramError
        The program is wrong, asks for more or less input than there is, or does not end; all its
        mistakes that can be seen before it runs are told at once.
    PlayerError
        A player ended or stalled for another reason. No player is left, whatever is raised.

    Examples
    --------
    >>> text = '''
    ... a = sint.get_private_input_from(0)
    ... b = sint.get_private_input_from(1)
    ... (a < b).reveal_to(2)
    ... '''
    >>> run_program(text, [30, 42], players=3).told
    ([], [], [1])
    """
    if not isinstance(text, str):
        raise ValueError(f"a program is text, not {type(text).__name__}")
    if deadline is not None and not deadline > 0:
        raise ValueError(f"deadline must be a positive number of seconds, not {deadline}")
    count = count_players(inputs, players)
    words = words_of_players(inputs, count)
    program = MambaProgram(text, count, name, cast(int, threshold))
    kind = choose_engine(engine, security)
    status = kind.status()
    if not status.usable:
        raise ValueError(f"the {kind.name} engine cannot be used here: {status.reason}")
    with _started(kind, program, views) as (supervisor, startup_seconds):
        run = supervisor.run
        pieces = [[*in_pieces(one), run.end_of_input or b""] for one in words]
        given = [len(one) for one in words]
        begin = time.perf_counter()
        with _named(supervisor, program):
            supervisor.run_to_end(
                pieces,
                deadline or run.round_deadline,
                lambda: _check_asked(supervisor, program, given),
            )
        seconds = time.perf_counter() - begin
        return _result(supervisor, program, kind.name, seconds, startup_seconds)


@contextlib.contextmanager
def _started(kind: Engine, program: MambaProgram, views: bool):
    """A supervisor of running players, and how long they took to be up; they end with it."""
    with contextlib.ExitStack() as resources:
        begin = time.perf_counter()
        folder = guard = None
        if getattr(kind, "needs_folder", True):
            folder, guard = run_folder.make(resources)
        try:
            run = kind.prepare_any(program, folder, views)
            supervisor = Supervisor(run, guard)
            resources.callback(supervisor.close)
            with _named(supervisor, program):
                supervisor.start(run.start_deadline)
        finally:
            fork_server.discard()  # what an engine may have launched in vain
        run_folder.dispose(run.disposable)
        yield supervisor, time.perf_counter() - begin


@contextlib.contextmanager
def _named(supervisor: Supervisor, program: MambaProgram):
    """Turn the error of a player into one of the program where the program is to blame."""
    try:
        yield
    except PlayerError as error:
        problems = _problems(supervisor, error)
        if not problems:
            raise
        server = supervisor.players[0]
        printed, _ = read_transcript(bytes(server.said), supervisor.run)
        started = all(player.ready for player in supervisor.players)
        raise ProgramError(problems, program.text, program.name, printed, started) from None


def _check_asked(supervisor: Supervisor, program: MambaProgram, given: list[int]) -> None:
    """Raise when a player asks for more words than it was given, or has ended with some left."""
    prompt = supervisor.run.prompt
    for player, count in zip(supervisor.players, given, strict=True):
        asked = len(prompt.findall(player.said)) if prompt else count
        if asked > count or (asked < count and player.status == 0):
            message = f"player {player.index} was given {count} words, and is asked for {asked}"
            raise ProgramError([Problem(message)], program.text, program.name, started=True)


def _problems(supervisor: Supervisor, error: PlayerError) -> list[Problem]:
    if error.player is None or not supervisor.players:
        return []
    problems = supervisor.run.read_problems(supervisor.players[error.player].complaints)
    if error.status is not None:  # else it was ended by us, for what the error says
        return [problem for problem in dict.fromkeys(problems) if problem.message]
    reason = str(error).partition(";")[0]
    return [
        Problem(problem.message or f"{reason}; this line was at work", problem.line)
        for problem in dict.fromkeys(problems)
    ]


def _result(
    supervisor: Supervisor,
    program: MambaProgram,
    engine: str,
    seconds: float,
    startup_seconds: float,
) -> ProgramResult:
    run: RunPlan = supervisor.run
    transcripts = [read_transcript(bytes(player.said), run) for player in supervisor.players]
    reports = [player.reports[-1] for player in supervisor.players if player.reports]
    return ProgramResult(
        text=program.text,
        players=program.players,
        engine=engine,
        printed=transcripts[0][0],
        told=tuple(told for _, told in transcripts),
        rounds=max((rounds for _, _, rounds in reports), default=None),
        sent=sum(amount for amount, _, _ in reports) if reports else None,
        unit=reports[0][1] if reports else "bytes",
        seconds=seconds,
        startup_seconds=startup_seconds,
        views=tuple(json.loads(p.view or "{}") for p in supervisor.players) if run.views else (),
    )
