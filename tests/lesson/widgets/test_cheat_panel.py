"""The panel in which a player cheats, without a front end."""

from fl_krum.lesson.cheating import Outcome
from fl_krum.lesson.widgets import cheat_panel
from fl_krum.lesson.widgets.cheat_panel import CheatPanel


def test_both_outcomes_are_shown_side_by_side(monkeypatch):
    asked = []

    def watch(kind, player, vectors):
        asked.append((kind, player))
        did = ("player 3 <did> it",)
        return (
            Outcome(kind, "semi-honest", did, "", (), 3, 1),
            Outcome(kind, "active", did, "exchange 4: a player departed", (3,), None, 1),
        )

    monkeypatch.setattr(cheat_panel, "watch_cheat", watch)
    panel = CheatPanel(player=3)
    panel.kind.value = "last"
    panel.run.click()
    assert asked == [("last", 3)] and not panel.run.disabled
    believed, verified = panel.text.value.split("Players that verify")
    assert "client 3&#x27;s vector, not client 1" in believed and "&lt;did&gt;" in believed
    assert "the run ends: exchange 4: a player departed" in verified
    assert "last: adds 1 to the result" in panel._repr_mimebundle_()["text/plain"]


def test_a_problem_is_shown_and_no_traceback(monkeypatch):
    def fails(*arguments):
        raise ValueError("there is no such player")

    monkeypatch.setattr(cheat_panel, "watch_cheat", fails)
    panel = CheatPanel()
    panel.run.click()
    assert "there is no such player" in panel.text.value and not panel.run.disabled
