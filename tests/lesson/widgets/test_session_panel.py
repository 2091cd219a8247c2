"""The session panel without a front end: its buttons are called, its words are read."""

import dataclasses
import re

import pytest
from fake_engine import FakeEngine, assert_nothing_left

from fl_krum.lesson import live_session
from fl_krum.lesson.live_session import LiveSession
from fl_krum.lesson.widgets import session_panel as module
from fl_krum.lesson.widgets.session_panel import (
    SessionPanel,
    describe_session,
    show_session,
)
from fl_krum.players.find_engine import ENGINES
from fl_krum.plots import png


@pytest.fixture
def fake(monkeypatch):
    """Make the panel's embedded engine one of stand-in players, with a fault when asked for."""
    engine = FakeEngine()
    monkeypatch.setitem(ENGINES, "embedded", lambda: engine)
    return engine


@pytest.fixture
def undrawn(fake, monkeypatch):
    """The same, in a panel whose pictures are not drawn: that takes longer than all else."""
    monkeypatch.setattr(module, "_picture", lambda session: str(len(session.records)).encode())
    return fake


def text(panel):
    return re.sub(r"<[^>]*>", "", panel.status.value)


def finish(panel):
    assert panel.session.wait(200)
    return panel.session


def test_a_session_is_run(fake):
    panel = SessionPanel(n=5, f=1, d=2, rounds=3)
    assert (panel.run_button.disabled, panel.stop_button.disabled) == (False, True)
    panel.run_button.click()
    session = finish(panel)
    assert session.state == live_session.DONE
    assert "Done: 3 rounds" in text(panel) and "the same as Krum in the clear" in text(panel)
    assert panel.progress.value == 1 and panel.progress.bar_style == "success"
    assert panel.picture.png.startswith(b"\x89PNG")
    (words,) = re.findall('alt="([^"]*)"', panel.picture.value)
    assert re.search(r"After round 3: \d+% by the rule, \d+% by the plain mean\.$", words)
    assert panel.picture.layout.display is None
    assert (panel.run_button.disabled, panel.stop_button.disabled) == (False, True)
    assert not panel.controls.disabled and not panel.attack.disabled
    assert_nothing_left(session.players, fake)


def test_who_was_left_out_is_named(undrawn):
    panel = SessionPanel(n=5, f=1, d=2, rounds=2)
    panel.start()
    session = finish(panel)
    assert "Left out" not in text(panel)
    session.records = [dataclasses.replace(one, excluded=(5,)) for one in session.records]
    said, _ = describe_session(session)
    assert said.endswith("Left out, for sharing more than agreed: client 5 (rounds 1, 2).")


def test_everything_but_stop_is_locked_while_it_runs(fake):
    fake.fault = ("stall", "1", "2")
    panel = SessionPanel(n=5, f=1, d=2, rounds=3)
    looks = []
    panel.picture.observe(
        lambda change: looks.append(panel.run_button.disabled or not panel.running), "value"
    )
    panel.start()
    while not panel.session.records:
        panel.session.wait(0.01)
    assert panel.running and panel.controls.disabled and panel.engine.disabled
    assert panel.run_button.disabled and not panel.stop_button.disabled
    first = panel.session
    panel.start()  # does nothing
    assert panel.session is first
    panel.stop_button.click()
    session = finish(panel)
    assert session.state == live_session.STOPPED
    assert "Stopped after 1 of 3 rounds. No player is left." in text(panel)
    assert looks and all(looks)
    assert not panel.run_button.disabled and panel.stop_button.disabled
    assert_nothing_left(session.players, fake)


def test_another_session_after_the_first(undrawn):
    panel = SessionPanel(n=5, f=1, d=2, rounds=1)
    panel.start()
    first = finish(panel)
    panel.attack.value = "alie"
    panel.start()
    second = finish(panel)
    assert second is not first and second.state == live_session.DONE
    assert second.settings["attack"] == "alie"


def test_a_failure_is_told_in_words(undrawn):
    undrawn.fault = ("error", "2", "1")
    panel = SessionPanel(n=5, f=1, d=2)
    panel.start()
    assert finish(panel).state == live_session.FAILED
    assert "krum.mpc, line 7: something is wrong" in text(panel)
    assert not panel.run_button.disabled


def test_forbidden_settings_cannot_be_run(fake):
    panel = SessionPanel()
    panel.controls.set(f=3)
    assert panel.run_button.disabled
    assert "2f + 2 &lt; n" in panel.controls.message.value
    panel.start()
    assert panel.session is None
    panel.controls.set(n=9)
    assert not panel.run_button.disabled and panel.controls.message.value == ""


def test_an_engine_that_is_not_there(monkeypatch):
    for variable in ("SCALE_MAMBA_HOME", "MP_SPDZ_HOME"):
        monkeypatch.delenv(variable, raising=False)
    panel = SessionPanel()
    assert dict((name, label) for label, name in panel.engine.options) == {
        "embedded": "embedded (found)",
        "scale-mamba": "scale-mamba (not found)",
        "mp-spdz": "mp-spdz (not found)",
    }
    panel.engine.value = "scale-mamba"
    assert panel.run_button.disabled
    assert "SCALE_MAMBA_HOME" in text(panel)
    panel.engine.value = "embedded"
    assert not panel.run_button.disabled and text(panel) == ""


def test_d_follows_the_data_set(fake):
    panel = SessionPanel()
    panel.dataset.value = "digits"
    assert panel.settings["d"] == 650 and panel.controls.sliders["d"].step == 10
    assert not panel.run_button.disabled
    panel.dataset.value = "breast_cancer"
    assert panel.settings["d"] == 5 and panel.controls.sliders["d"].max == 31


def test_settings_are_those_of_a_session(fake):
    panel = SessionPanel(n=9, f=3, d=6, rounds=2, attack="gaussian")
    settings = LiveSession(**panel.settings).settings
    wanted = dict(clients=9, byzantine=3, dimension=6, rounds=2, attack="gaussian")
    assert {name: settings[name] for name in wanted} == wanted


def test_a_figure_can_grow_in_a_cell(fake):
    class Handle:
        shown = []

        def update(self, figure):
            self.shown.append(figure)

    session = LiveSession(n=5, f=1, d=2, rounds=2)
    session.run(lambda session: show_session(session, Handle()))
    assert len(Handle.shown) == 5
    assert all(picture.data.startswith(b"\x89PNG") for picture in Handle.shown[:-1])
    assert png(Handle.shown[-1]).startswith(b"\x89PNG")


def test_words_for_every_state(fake):
    session = LiveSession(n=5, f=1, d=2, rounds=2)
    words = {}
    for state in (
        live_session.STARTING,
        live_session.RUNNING,
        live_session.STOPPING,
        live_session.STOPPED,
        live_session.FAILED,
        live_session.DONE,
    ):
        session.state, session.error = state, "Why: because."
        words[state] = describe_session(session)
    assert words[live_session.STARTING][0].startswith("Starting 6 players")
    assert "run this cell again" in words[live_session.STARTING][0]
    assert "round 1 of 2" in words[live_session.RUNNING][0]
    assert "Why: because." in words[live_session.FAILED][0]
    assert {tone for _, tone in words.values()} == {"note", "problem", "good"}


def test_what_jupyter_shows(fake):
    panel = SessionPanel()
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "n = 7, f = 2, d = 5, rounds = 5" in bundle["text/plain"]
    assert module.SessionPanel is SessionPanel
    assert bundle["image/png"].startswith("iVBORw0KGgo")


def test_a_still_picture_of_multi_krum_and_none_of_what_cannot_be(fake):
    panel = SessionPanel(n=5, f=1, rounds=2)
    panel.average.value = 3
    assert panel._repr_mimebundle_()["image/png"].startswith("iVBORw0KGgo")
    panel.controls.set(f=2)
    assert "image/png" not in panel._repr_mimebundle_()
