"""What a training message says of a round survives its way, and nonsense is refused."""

import pytest

pytest.importorskip("flwr", reason="Flower is not installed: pip install 'fl_krum[flower]'")

from fl_krum.flower.mod import Own  # noqa: E402
from fl_krum.flower.plan import Plan, Refused  # noqa: E402
from fl_krum.flower.simulation import ThrowAwayKeys, check_folder  # noqa: E402
from fl_krum.players.agreement import Agreement  # noqa: E402

AGREEMENT = Agreement(("server", "a", "b", "c", "d", "e"), f=1, d=8, session="s", round=3)
PLAN = Plan(AGREEMENT, "ab" * 32, 256.0, ("*running_*",), 20.0, 100.0)


def test_a_plan_survives_a_message():
    assert Plan.from_config(PLAN.as_config()) == PLAN


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scale": -1.0}, "the scale is a positive number"),
        ({"scale": float("nan")}, "the scale is a positive number"),
        ({"agreement": "{}"}, "the agreement makes no sense"),
        (
            {"agreement": '{"parties": ["s", "a", "b", "c"], "text": "x.reveal()"}'},
            "nobody knows text",
        ),
        ({"stays": 3}, "makes no sense"),
    ],
)
def test_nonsense_is_refused(changed, said):
    with pytest.raises(Refused, match=said):
        Plan.from_config({**PLAN.as_config(), **changed})


def test_a_client_takes_keys_of_a_private_folder_of_this_machine_only(tmp_path):
    keys = ThrowAwayKeys(3)
    try:
        assert keys.roster.names == ("server", "node0", "node1", "node2")
        own = Own.of({"partition-id": 1, "num-partitions": 3}, str(keys.folder))
        assert own.name == "node1" and own.key.read_bytes().startswith(b"-----BEGIN")
        tmp_path.chmod(0o755)
        (tmp_path / "roster.json").write_text("{}")
        for folder in ("", "/nowhere", str(tmp_path)):
            with pytest.raises(ValueError, match="this client has no roster"):
                check_folder(folder)
    finally:
        keys.close()
    assert not keys.folder.exists()


def test_own_limits_come_from_the_owner_of_the_client():
    own = Own.of({"name": "a", "roster": "/r/roster.json", "min-clients": 5, "max-byzantine": 1})
    assert own.limits.min_clients == 5 and own.limits.max_byzantine == 1
    assert str(own.key) == "/r/a.key" and own.limits.min_average == 1
