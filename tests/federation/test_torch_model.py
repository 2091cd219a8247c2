"""PyTorch modules as vectors: what is shared, what stays at home, steps as PyTorch makes them."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is an extra: pip install 'fl_krum[torch]'")
from torch import nn  # noqa: E402

from fl_krum.federation.data import load  # noqa: E402
from fl_krum.federation.models import as_model  # noqa: E402
from fl_krum.federation.torch_model import (  # noqa: E402
    TorchModel,
    flatten,
    state_layout,
    unflatten,
)

DIGITS = load("digits", None)
torch.set_num_threads(1)  # small nets, and other tests beside them


def net():
    return nn.Sequential(
        nn.Linear(64, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 10)
    )


def rng(seed=0):
    return np.random.default_rng(seed)


def test_the_layout_says_what_is_shared_and_what_stays():
    module = net()
    module[0].bias.requires_grad_(False)
    layout = state_layout(module)
    assert set(layout.shapes) == {
        "0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var", "4.weight", "4.bias",
    }  # fmt: skip
    assert set(layout.at_home) == {"0.bias", "1.num_batches_tracked"}
    assert layout.dimension == 64 * 8 + 8 * 4 + 8 * 10 + 10


def test_there_and_back_leaves_what_stays_at_home():
    one, other = net(), net()
    other[1].num_batches_tracked += 5
    vector = flatten(one)
    unflatten(vector, other)
    np.testing.assert_array_equal(flatten(other), vector)  # float32 in float64: exact
    assert other[1].num_batches_tracked == 5
    vector[...] = 0  # no memory in common
    assert flatten(one).any() and flatten(other).any()


def test_tied_weights_are_in_the_vector_once():
    module = nn.Sequential(nn.Linear(5, 5, bias=False), nn.Linear(5, 5, bias=False))
    module[1].weight = module[0].weight
    layout = state_layout(module)
    assert layout.dimension == 25 and layout.at_home == ()
    unflatten(np.arange(25), module)
    assert module[1].weight[0, 1] == 1


def test_one_batch_is_one_step_against_the_gradient():
    module = nn.Linear(64, 10)
    model = TorchModel(module, batch_size=len(DIGITS.y_train), learning_rate=0.5)
    found = model.train(flatten(module), DIGITS.x_train, DIGITS.y_train, rng())
    x = torch.tensor(DIGITS.x_train, dtype=torch.float32)
    nn.functional.cross_entropy(module(x), torch.tensor(DIGITS.y_train)).backward()
    expected = flatten(module) - 0.5 * np.append(module.weight.grad.ravel(), module.bias.grad)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_an_optimiser_of_ones_own_and_several_epochs():
    module = nn.Linear(64, 10)
    model = TorchModel(
        module, epochs=3, batch_size=100, optimizer=lambda p: torch.optim.Adam(p, lr=0.01)
    )
    twin = copy.deepcopy(module)
    adam, generator = torch.optim.Adam(twin.parameters(), lr=0.01), rng(3)
    generator.integers(2**63)
    x, y = torch.tensor(DIGITS.x_train[:250]).float(), torch.tensor(DIGITS.y_train[:250])
    for _ in range(3):
        for rows in torch.from_numpy(generator.permutation(250)).split(100):
            adam.zero_grad()
            nn.functional.cross_entropy(twin(x[rows]), y[rows]).backward()
            adam.step()
    found = model.train(flatten(module), DIGITS.x_train[:250], DIGITS.y_train[:250], rng(3))
    np.testing.assert_array_equal(found, flatten(twin))


def test_training_is_seeded_and_leaves_everything_alone():
    module = net()
    before, state = flatten(module), torch.random.get_rng_state()
    model = TorchModel(module)
    start = model.start(rng())
    np.testing.assert_array_equal(start, before)  # a module starts with the weights that it has
    x, y = DIGITS.x_train[:65], DIGITS.y_train[:65]  # the last batch would be one sample
    one, same, other = (model.train(start, x, y, rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other) and not np.array_equal(one, start)
    np.testing.assert_array_equal(flatten(module), before)
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_callable_makes_a_new_module_for_each_seed():
    model = TorchModel(net)
    np.testing.assert_array_equal(model.start(rng(1)), model.start(rng(1)))
    assert not np.array_equal(model.start(rng(1)), model.start(rng(2)))


def test_images_and_accuracy_on_digits():
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 10)
    )
    model = TorchModel(module, epochs=2)
    x, x_test = (part.reshape(-1, 1, 8, 8) for part in (DIGITS.x_train, DIGITS.x_test))
    vector = model.train(model.start(rng()), x, DIGITS.y_train, rng())
    assert model.accuracy(vector, x_test, DIGITS.y_test) > 0.85
    assert model.accuracy(vector, x_test[:0], DIGITS.y_test[:0]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"module": 5}, "must be a torch.nn.Module, or make one"),
        ({"module": lambda: 5}, "must be a torch.nn.Module, or make one"),
        ({"module": nn.Linear(2, 2).requires_grad_(False)}, "there is nothing to train"),
        ({"module": nn.Linear(2, 2), "epochs": 0}, "epochs must be at least 1, got 0"),
        ({"module": nn.Linear(2, 2), "batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"module": nn.Linear(2, 2), "learning_rate": 0}, "learning_rate must be a number above 0"),
    ],
)
def test_settings_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        TorchModel(**arguments)


def test_a_module_is_a_model():
    assert isinstance(as_model(net(), 64, 10), TorchModel)
