"""A federated session as a panel: settings, Run, Stop, a progress bar, and a figure that grows.

The session runs in a thread of its own, so the notebook stays usable and Stop is heard at once. All
that happens in it is `LiveSession`, which works without a front end; here are only the controls,
and what is said about its state.
"""

from __future__ import annotations

import functools
import threading
import weakref

import ipywidgets as widgets
from IPython.display import Image

from ...aggregators.clipping import clipped_krum
from ...aggregators.krum import krum, multi_krum
from ...aggregators.mixing import mixed_krum
from ...aggregators.weights import WEIGHTS, short_title
from ...federation.data import DATASETS
from ...federation.session import FederatedSession
from ...players.find_engine import ENGINES, find_engine
from ...plots import png, session_figure
from ...plots.session import who_was_left_out
from ...plots.session_picture import SessionPicture
from ...program.krum_program import KrumProgram
from ..live_session import DONE, ENDED, FAILED, STARTING, STOPPED, STOPPING, LiveSession
from .controls import (
    LABEL,
    WIDE,
    KrumControls,
    Picture,
    attack_choice,
    mimebundle,
    notice,
)

_CLIENTS = range(3, 13)  # with more, a round takes seconds
_ROUNDS = range(1, 21)
_WIDEST = "1280px"  # the size at which the figure is drawn
_RULES = {"krum": multi_krum, "mixed-krum": mixed_krum, "clipped-krum": clipped_krum}
_FIRST_DIMENSION = {"breast_cancer": 5, "digits": 650}
# Of sessions under way: what stays from round to round is drawn once.
_PICTURES: weakref.WeakKeyDictionary[LiveSession, SessionPicture] = weakref.WeakKeyDictionary()


def show_session(session: LiveSession, display=None):
    """Draw a session as it stands now, with what only this simulation can know.

    Parameters
    ----------
    session : LiveSession
    display : IPython.display.DisplayHandle, optional
        Where to show the figure in place of the one before; so that it grows, as in
        ``session.run(lambda session: show_session(session, handle))``.

    Returns
    -------
    matplotlib.figure.Figure, or None
        None where a picture of a session under way was shown, of which only what has changed since
        the last one was drawn.
    """
    if display is not None and session.state not in ENDED:
        display.update(Image(_picture(session)))
        return None
    figure = session_figure(session.records, session.settings, simulation=True)
    if display is not None:
        display.update(figure)
    return figure


def _picture(session: LiveSession) -> bytes:
    """Draw the same as a picture in the form PNG; one that is under way, in a third of the time."""
    if session.state in ENDED:
        return png(show_session(session))
    if session not in _PICTURES:
        _PICTURES[session] = SessionPicture(session.settings, simulation=True)
    return _PICTURES[session].png(session.records)


def describe_figure(session: LiveSession) -> str:
    """Say in words what the figure of a session shows."""
    if not session.records:
        return "Test accuracy after each round, and the time of each: no round is over yet."
    last = session.records[-1]
    return (
        f"Test accuracy after each round, and the time of each. After round {last.round}: "
        f"{last.accuracy:.0%} by the rule, {last.accuracy_mean:.0%} by the plain mean."
    )


def describe_session(session: LiveSession) -> tuple[str, str]:
    """Say in words where a session stands; and the tone of it, for `notice`."""
    said, tone = _describe_state(session)
    return " ".join(filter(None, [said, who_was_left_out(session.records)])), tone


def _describe_state(session: LiveSession) -> tuple[str, str]:
    count, total = len(session.records), session.settings["rounds"]
    players = session.settings["clients"] + 1
    if session.state == FAILED:
        return f"The session has failed. {session.error}", "problem"
    if session.state == STOPPED:
        return f"Stopped after {count} of {total} rounds. No player is left.", "note"
    if session.state == STOPPING:
        return "Stopping the players …", "note"
    if session.state == STARTING:
        # A kernel that is restarted leaves this sentence behind, and buttons that do nothing.
        return (
            f"Starting {players} players: the server and {players - 1} clients … "
            "(After a restart of the kernel, run this cell again.)",
            "note",
        )
    if session.state == DONE:
        seconds = sum(record.seconds for record in session.records)
        equal = all(record.matches_plaintext for record in session.records)
        rule = short_title(session.settings["rule"], session.settings["average"])
        compared = "the same as" if equal else "DIFFERENT from"
        return (
            f"Done: {total} rounds, {seconds:.2f} seconds in SMPC; every result {compared} {rule} "
            "in the clear, bit for bit. All players have ended.",
            "good" if equal else "problem",
        )
    return f"{players} players are running: round {min(count + 1, total)} of {total} …", "note"


class SessionPanel:
    """Settings, Run and Stop, progress, and the figure of a session.

    Attributes
    ----------
    controls : KrumControls
        n, f and d.
    rounds, rule, average, attack, dataset, engine : ipywidgets widgets
        The other settings; set or read ``.value``.
    run_button, stop_button : ipywidgets.Button
    progress : ipywidgets.FloatProgress
    status : ipywidgets.HTML
        Where the session stands, or why it cannot be started.
    picture : Picture
    session : LiveSession or None
        The last one that was started.
    box : ipywidgets.VBox
        All of it.
    """

    def __init__(self, n=7, f=2, d=5, rounds=5, attack="sign-flip", engine="embedded"):
        self.session: LiveSession | None = None
        self._saying = threading.RLock()  # the session's thread and the notebook's both do
        self._engines = {name: find_engine(name).status() for name in ENGINES}
        self._make_settings(n, f, d, rounds, attack, engine)
        self.run_button = widgets.Button(
            description="Run", button_style="success", icon="play"
        ).add_class("krum-run")
        self.stop_button = widgets.Button(description="Stop", icon="stop", disabled=True).add_class(
            "krum-stop"
        )
        self.progress = widgets.FloatProgress(max=1.0, layout=WIDE).add_class("krum-progress")
        self.status = widgets.HTML().add_class("krum-status")
        self.picture = Picture(_WIDEST, display="none")
        buttons = widgets.HBox([self.run_button, self.stop_button, self.progress])
        choices = [self.rounds, self.rule, self.average, self.attack, self.dataset, self.engine]
        settings = widgets.HBox(
            [self.controls.box, widgets.VBox(choices)], layout={"flex_flow": "row wrap"}
        )
        self.box = widgets.VBox([settings, buttons, self.status, self.picture])
        self.box.add_class("krum-session")
        self.run_button.on_click(lambda button: self.start())
        self.stop_button.on_click(lambda button: self.stop())
        self.controls.observe(self._check)
        self.engine.observe(lambda change: self._check(), "value")
        self.dataset.observe(lambda change: self._data_changed(), "value")
        self._check()

    @property
    def settings(self) -> dict:
        """The settings as keywords for `LiveSession`."""
        return self.controls.values | {
            "rounds": self.rounds.value,
            "attack": self.attack.value,
            "dataset": self.dataset.value,
            "engine": self.engine.value,
            "rule": self.rule.value,
            "average": self.average.value,
        }

    def start(self) -> None:
        """Start a session with the present settings; what the Run button does."""
        if self.running or self.problem:
            return
        try:
            self.session = LiveSession(**self.settings)
        except ValueError as error:  # what no check foresees is still no traceback
            self.status.value = notice(f"{error}.")
            return
        self.session.start(self.show)

    def stop(self) -> None:
        """Stop the session; what the Stop button does."""
        if self.session is not None:
            self.session.stop()
            self._say(self.session)

    @property
    def running(self) -> bool:
        """Whether a session is under way."""
        return self.session is not None and self.session.state not in ENDED

    @property
    def problem(self) -> str | None:
        """Why no session can be started with the present settings; None when one can."""
        status = self._engines[self.engine.value]
        if not status.usable:
            return f"The {self.engine.value} engine was not found: {status.reason}."
        return self.controls.problem

    def show(self, session: LiveSession) -> None:
        """Show where a session stands; called by the session itself after every round."""
        self._say(session)
        if session.records or session.state not in ENDED:
            self.picture.show(_picture(session), describe_figure(session))
            self.picture.layout.display = None

    def _say(self, session) -> None:
        with self._saying:
            self.status.value = notice(*describe_session(session))
            self.progress.value = session.progress
            self.progress.bar_style = {DONE: "success", FAILED: "danger"}.get(session.state, "")
            self._lock(session.state not in ENDED)

    def _lock(self, locked) -> None:
        self.stop_button.disabled = not locked
        self.run_button.disabled = locked or self.problem is not None
        self.controls.disabled = locked
        chosen = (self.rounds, self.rule, self.average, self.attack, self.dataset, self.engine)
        for control in chosen:
            control.disabled = locked

    def _check(self) -> None:
        """Allow Run only where a session is possible, and say why where none is."""
        if self.controls.problem is None:
            self.average.max = self.controls.values["n"] - self.controls.values["f"]
        self.run_button.disabled = self.problem is not None
        # What is wrong with n, f or d stands below these already.
        found = self._engines[self.engine.value].usable
        self.status.value = "" if found else notice(self.problem)

    def _data_changed(self) -> None:
        lengths = DATASETS[self.dataset.value]
        # In one message: between two, the browser would bring d back into the new limits itself.
        with self.controls.sliders["d"].hold_sync():
            self.controls.set_dimensions(lengths)
            self.controls.set(d=_FIRST_DIMENSION.get(self.dataset.value, lengths[-1]))

    def _make_settings(self, n, f, d, rounds, attack, engine) -> None:
        self.controls = KrumControls(
            n, f, d, clients=_CLIENTS, dimensions=DATASETS["breast_cancer"], check=KrumProgram
        )
        look = {"style": LABEL, "layout": WIDE}
        self.rounds = widgets.IntSlider(
            value=rounds, min=_ROUNDS[0], max=_ROUNDS[-1], description="Rounds T", **look
        ).add_class("krum-rounds")
        self.rule = widgets.Dropdown(options=list(WEIGHTS), description="Rule", **look).add_class(
            "krum-rule"
        )
        self.average = widgets.IntSlider(
            value=1, min=1, max=n - f, description="Average m", **look
        ).add_class("krum-average")
        self.attack = attack_choice(attack)
        self.dataset = widgets.Dropdown(
            options=list(DATASETS), description="Data set", **look
        ).add_class("krum-dataset")
        self.engine = widgets.Dropdown(
            options=[
                (f"{name} ({'found' if status.usable else 'not found'})", name)
                for name, status in self._engines.items()
            ],
            value=engine,
            description="Engine",
            **look,
        ).add_class("krum-engine")

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        said = ", ".join(f"{name} = {value}" for name, value in self.settings.items())
        text = (
            f"A session with {said}\n(Run this cell in Jupyter to get sliders, Run and Stop. "
            "The picture shows these settings in the clear, without players.)"
        )
        picture = None if self.controls.problem else self._picture_in_the_clear()
        return mimebundle(self.box, text, picture)

    def _picture_in_the_clear(self) -> bytes:
        """Draw what Run draws, of a session that no player takes part in."""
        settings = {name: value for name, value in self.settings.items() if name != "engine"}
        n, f, d, name, m = (settings.pop(name) for name in ("n", "f", "d", "rule", "average"))
        rule = krum if (name, m) == ("krum", 1) else functools.partial(_RULES[name], m=m)
        session = FederatedSession(n, f, d, aggregate=rule, **settings)
        return png(session_figure(session.run(), session.settings, simulation=True), dpi=64)
