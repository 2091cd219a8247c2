"""Rounds of the strategy and the mod, with real players and a grid that runs ClientApps in threads.

Everything of Flower but its network is real: messages, mods, the strategy's own loop.
"""

import threading
import time
import uuid
from collections import Counter

import numpy as np
import pytest

flwr = pytest.importorskip("flwr", reason="Flower is not installed: pip install 'fl_krum[flower]'")

import httpx  # noqa: E402
from flwr.app import (  # noqa: E402
    Array,
    ArrayRecord,
    Context,
    Error,
    Message,
    MetricRecord,
    RecordDict,
)
from flwr.clientapp import ClientApp  # noqa: E402
from flwr.serverapp import Grid  # noqa: E402

from fl_krum import FixedPoint, krum, multi_krum  # noqa: E402
from fl_krum.flower import SecureKrum, secure_krum_mod  # noqa: E402
from fl_krum.flower.arrays import SCALE  # noqa: E402


@pytest.fixture(autouse=True)
def a_task(monkeypatch):
    """Flower sets these where it starts a ServerApp; messages carry them."""
    from flwr.supercore.task_identity import TaskIdentity

    for name in ("_task_id", "_run_id", "_node_id"):
        monkeypatch.setattr(TaskIdentity, name, 1)


PATIENCE = 150.0
START = {"w": np.zeros((2, 2)), "b": np.ones(1, np.float32), "steps": np.array(7)}


class ThreadGrid(Grid):
    """Nodes 1 to n, each a ClientApp that runs in a thread; what a node does can be changed."""

    def __init__(self, clients, train):
        self.nodes = {node: {"partition-id": node - 1} for node in range(1, clients + 1)}
        self.silent, self.replies, self._train = set(), {}, train
        self.errors = []

    def set_run(self, run):
        pass

    @property
    def run(self):
        return None

    def create_message(self, *arguments, **options):
        raise NotImplementedError

    def get_node_ids(self):
        return list(self.nodes)

    def push_messages(self, messages):
        found = []
        for message in messages:
            message.metadata.__dict__["_message_id"] = uuid.uuid4().hex
            found.append(message.metadata.message_id)
            threading.Thread(target=self._answer, args=(message,), daemon=True).start()
        return found

    def _answer(self, message):
        node = message.metadata.dst_node_id
        if node in self.silent:
            return
        app, train = ClientApp(mods=[secure_krum_mod]), self._train

        @app.train()
        def one_round(message, context):
            model = {name: array.numpy() for name, array in message.content["arrays"].items()}
            trained = train(node, model, message.content["config"]["server-round"])
            record = ArrayRecord({name: Array(np.asarray(a)) for name, a in trained.items()})
            metrics = MetricRecord({"num-examples": 10})
            return Message(RecordDict({"arrays": record, "metrics": metrics}), reply_to=message)

        context = Context(
            run_id=1, node_id=node, node_config=self.nodes[node], state=RecordDict(), run_config={}
        )
        copied = Message(
            content=RecordDict(dict(message.content.items())),
            message_type=message.metadata.message_type,
            dst_node_id=node,
        )
        copied.metadata.__dict__["_message_id"] = message.metadata.message_id
        try:
            reply = app(copied, context)
        except Exception as error:
            self.errors.append(str(error))
            reply = Message(Error(0, str(error)), reply_to=copied)
        self.replies[message.metadata.message_id] = reply

    def pull_messages(self, message_ids):
        return [self.replies.pop(one) for one in list(message_ids) if one in self.replies]

    def send_and_receive(self, messages, *, timeout=None):
        waiting, found = set(self.push_messages(messages)), []
        for _ in range(600):
            for reply in self.pull_messages(waiting):
                waiting.discard(reply.metadata.reply_to_message_id)
                found.append(reply)
            if not waiting:
                break
            threading.Event().wait(0.05)
        return found


def trained(node, model, number):
    rng = np.random.default_rng([node, number])
    return {
        "w": model["w"] + rng.normal(size=(2, 2)) / 8,
        "b": (model["b"] + 0.25 * node).astype(np.float32),
        "steps": model["steps"] + 1,
    }


def differences(model, number, nodes, train=trained):
    """What each node's player gets, in order, as the fixed point has it."""
    point, rows = FixedPoint(), []
    for node in nodes:
        new = train(node, model, number)
        moved = [np.ravel(new[name].astype(float) - model[name].astype(float)) for name in "wb"]
        rows.append(np.concatenate(moved) * SCALE)
    return point.decode(point.encode(np.clip(rows, *point.range())))


def moved(model, vector):
    vector = vector / SCALE
    return {
        "w": model["w"] + vector[:4].reshape(2, 2),
        "b": (model["b"].astype(float) + vector[4:]).astype(np.float32),
        "steps": model["steps"],
    }


def start(grid, rounds=1, **options):
    strategy = SecureKrum(fraction_evaluate=0.0, deadline=200.0, **options)
    record = ArrayRecord({name: Array(array) for name, array in START.items()})
    result = strategy.start(grid=grid, initial_arrays=record, num_rounds=rounds)
    arrays = {name: array.numpy() for name, array in result.arrays.items()}
    return strategy, arrays, result


def test_two_rounds_are_those_of_krum_in_the_clear_bit_for_bit():
    """With three of five clients sampled in each round."""
    grid = ThreadGrid(5, trained)
    strategy, arrays, result = start(grid, rounds=2, fraction_train=0.6)
    model = START
    for number in (1, 2):
        # The order of the parties is the one in which Flower sampled the nodes.
        nodes = [int(name.removeprefix("node")) + 1 for name in strategy.rounds[number - 1].clients]
        model = moved(model, krum(differences(model, number, nodes), 0).vector)
    for name, array in arrays.items():
        assert array.dtype == START[name].dtype and np.array_equal(array, model[name]), name
    assert arrays["steps"] == 7, "counters stay at home"
    assert [one.error for one in strategy.rounds] == ["", ""] and not grid.errors
    assert result.train_metrics_clientapp[2]["secure-clients"] == 3


@pytest.mark.parametrize("late", [0, 4])
def test_a_client_that_fails_is_left_out_and_the_round_goes_on_and_the_next_asks_it_again(late):
    """Nobody waits for it then, not even if all others have trained by then."""

    def train(node, model, number):
        if node == 2 and number == 1:
            time.sleep(late)
            raise ValueError("the secret is 42")
        return trained(node, model, number)

    grid = ThreadGrid(5, train)
    strategy, arrays, result = start(
        grid,
        rounds=2,
        num_malicious_nodes=1,
        num_nodes_to_select=4,
        min_train_nodes=5,
        patience=PATIENCE,
    )
    one, two = strategy.rounds
    assert one.error == "" and one.missing == ("node1",) and one.back == ()
    assert one.seconds < PATIENCE
    nodes = [int(name.removeprefix("node")) + 1 for name in one.clients]
    model = moved(START, multi_krum(differences(START, 1, nodes), 0, 4))
    assert sorted(nodes) == [1, 3, 4, 5]
    assert two.error == "" and two.missing == () and two.back == ("node1",)
    nodes = [int(name.removeprefix("node")) + 1 for name in two.clients]
    right = moved(model, multi_krum(differences(model, 2, nodes), 1, 4))
    assert np.array_equal(arrays["w"], right["w"])
    assert result.train_metrics_clientapp[2]["secure-back"] == 1
    assert grid.errors == ["secure_krum_mod: training failed; its log has the reason"]


class BusyGrid(ThreadGrid):
    """A SuperLink that answers with an error of its own: to the next call of a name, or the nth."""

    def __init__(self, clients, train, *calls, status=500):
        super().__init__(clients, train)
        self.fails, self._status, self._calls = list(calls), status, Counter()

    def _answered(self, call):
        self._calls[call] += 1
        for one in {call, f"{call} {self._calls[call]}"}.intersection(self.fails):
            self.fails.remove(one)
            answer = httpx.Response(self._status, request=httpx.Request("POST", "http://link"))
            answer.raise_for_status()

    def get_node_ids(self):
        self._answered("get_node_ids")
        return super().get_node_ids()

    def push_messages(self, messages):
        self._answered("push_messages")
        return super().push_messages(messages)

    def pull_messages(self, message_ids):
        self._answered("pull_messages")
        return super().pull_messages(message_ids)


def test_a_superlink_that_is_too_busy_for_a_moment_is_asked_again():

    def train(node, model, number):
        grid.fails.append("pull_messages")
        return trained(node, model, number)

    grid = BusyGrid(3, train, "get_node_ids")
    strategy, arrays, _ = start(grid)
    nodes = [int(name.removeprefix("node")) + 1 for name in strategy.rounds[0].clients]
    right = moved(START, krum(differences(START, 1, nodes), 0).vector)
    assert strategy.rounds[0].error == "" and np.array_equal(arrays["w"], right["w"])
    assert not grid.fails


def test_messages_that_the_superlink_does_not_take_cost_a_round_and_not_the_run():
    """They are not sent again in the same round, since clients may have some of them."""
    strategy, arrays, _ = start(BusyGrid(3, trained, "push_messages 2"), rounds=2)
    one, two = strategy.rounds
    assert one.error == "the SuperLink has failed (HTTP 500)" and one.seconds < PATIENCE
    assert two.error == ""
    nodes = [int(name.removeprefix("node")) + 1 for name in two.clients]
    right = moved(START, krum(differences(START, 2, nodes), 0).vector)
    assert np.array_equal(arrays["w"], right["w"])


def test_a_superlink_that_stays_too_busy_costs_rounds(monkeypatch):
    monkeypatch.setattr("fl_krum.flower.grid._BUSY", 1.0)
    strategy, arrays, _ = start(BusyGrid(3, trained, *["get_node_ids"] * 50), rounds=2)
    assert [one.error for one in strategy.rounds] == ["the SuperLink has failed (HTTP 500)"] * 2
    assert np.array_equal(arrays["w"], START["w"])


def test_another_answer_ends_the_run():
    """The run was stopped, for instance."""
    with pytest.raises(httpx.HTTPStatusError):
        start(BusyGrid(3, trained, "get_node_ids", status=403))


def test_too_few_clients_are_told_and_nothing_waits():
    strategy, arrays, _ = start(ThreadGrid(2, trained))
    assert strategy.rounds[0].error == "there are 2 clients, and Krum takes three"
    assert np.array_equal(arrays["w"], START["w"])


def test_players_of_an_installation_can_leave_nobody_out(mp_spdz_home, tmp_path, monkeypatch):
    """A round in which a client fails ends at once, and the next one has a result."""
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))

    def train(node, model, number):
        if node == 2 and number == 1:
            raise ValueError("no data")
        return trained(node, model, number)

    how = {"engine": "mp-spdz", "security": "semi-honest", "min_train_nodes": 5}
    strategy, arrays, _ = start(ThreadGrid(5, train), rounds=2, num_malicious_nodes=1, **how)
    one, two = strategy.rounds
    assert one.error == "node1 failed, and mp-spdz players cannot do without"
    assert one.missing == ("node1",) and one.seconds < 60
    assert two.error == "" and two.back == ("node1",)
    nodes = [int(name.removeprefix("node")) + 1 for name in two.clients]
    model = moved(START, krum(differences(START, 2, nodes), 1).vector)
    assert np.array_equal(arrays["w"], model["w"])


def test_who_keeps_silent_is_named_where_players_of_an_installation_do_not_know_it(
    mp_spdz_home, tmp_path, monkeypatch
):
    monkeypatch.setenv("FAKE_EXCHANGE", str(tmp_path))
    grid = ThreadGrid(5, trained)
    ask = grid.push_messages

    def push(messages):
        grid.silent = {2} if "arrays" in messages[0].content else set()
        return ask(messages)

    grid.push_messages = push
    how = {"engine": "mp-spdz", "security": "semi-honest", "min_train_nodes": 5, "patience": 3.0}
    strategy, arrays, _ = start(grid, num_malicious_nodes=1, **how)
    (one,) = strategy.rounds
    assert "node1" in one.missing and "no reply of" in one.error
    assert np.array_equal(arrays["w"], START["w"])
