"""An experiment says which sessions are run; what cannot be run is told before anything is."""

import numpy as np
import pytest

from fl_krum.aggregators.krum import multi_krum
from fl_krum.experiments.experiment import Experiment
from fl_krum.federation.attacks import ATTACKS

FILE = """
title = "Two by two"

[session]
dataset = "digits"
dimension = 210
rounds = 3

[grid]
rule = ["alone", "krum", {name = "multi-krum", m = "n-2f"}, {name = "multi-krum", label = "all"}]
attack = ["none", {name = "sign-flip", strength = 8.0}]
byzantine = [1, 2]
partition = ["iid", {name = "dirichlet", alpha = 0.5}, {name = "shares", shares = [6,1,1,1,1,1,1]}]
seeds = [4, 7]
"""


def test_a_file_and_a_dict_say_the_same(tmp_path):
    file = tmp_path / "e.toml"
    file.write_text(FILE, encoding="utf-8")
    experiment = Experiment.read(file)
    assert experiment.session == {
        "clients": 7,
        "dataset": "digits",
        "dimension": 210,
        "rounds": 3,
    }
    assert [rule.label for rule in experiment.rules] == [
        "alone", "krum", "multi-krum, m = n-2f", "all",
    ]  # fmt: skip
    units = experiment.units()
    assert len(units) == len(set(unit.key() for unit in units)) == 2 * 3 * 2 * 2
    assert {unit.seed for unit in units[:12]} == {4}  # seeds last
    same = {
        "title": "Two by two",
        "session": {"dataset": "digits", "dimension": 210, "rounds": 3},
        "grid": {
            "rule": [
                "alone", "krum", {"name": "multi-krum", "m": "n-2f"},
                {"name": "multi-krum", "label": "all"},
            ],
            "attack": ["none", {"name": "sign-flip", "strength": 8.0}],
            "byzantine": range(1, 3),
            "partition": [
                "iid", {"name": "dirichlet", "alpha": 0.5},
                {"name": "shares", "shares": [6, 1, 1, 1, 1, 1, 1]},
            ],
            "seeds": [4, 7],
        },
    }  # fmt: skip
    assert Experiment.read(same) == experiment


def test_keywords_that_depend_on_n_and_f():
    experiment = Experiment.read(
        {"grid": {"rule": [{"name": "multi-krum", "m": "n-2f"}], "byzantine": [1, 2]}}
    )
    X = np.random.default_rng(0).normal(size=(7, 3))
    for f, m in ((1, 5), (2, 3)):
        rule = experiment.rule(experiment.rules[0], f)
        np.testing.assert_array_equal(rule(X, f), multi_krum(X, f, m=m))


def test_an_attack_has_its_own_strength():
    experiment = Experiment.read({"grid": {"attack": {"name": "sign-flip", "strength": 8.0}}})
    attack = experiment.arguments(experiment.units()[0])["attack"]
    honest, previous = np.ones((5, 2)), np.zeros(2)
    np.testing.assert_array_equal(attack(honest, 2, None, previous), [[-8, -8]] * 2)
    np.testing.assert_array_equal(ATTACKS["sign-flip"](honest, 2, None, previous), [[-4, -4]] * 2)


def test_functions_of_ones_own(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\n"
        "def first(X, f, row=0):\n    return X[row]\n"
        "def zeros(honest, f, rng, previous):\n    return np.zeros((f, len(previous)))\n"
    )
    experiment = Experiment.read(
        {
            "session": {"rounds": 1},
            "grid": {
                "rule": [f"{file}:first", {"name": f"{file}:first", "row": 3, "label": "third"}],
                "attack": f"{file}:zeros",
            },
        }
    )
    X = np.arange(14.0).reshape(7, 2)
    assert [experiment.rule(rule, 2)(X, 2).tolist() for rule in experiment.rules] == [
        [0, 1], [6, 7],
    ]  # fmt: skip
    attack = experiment.arguments(experiment.units()[0])["attack"]
    assert attack.name == "zeros" and not attack(X, 2, None, np.ones(2)).any()
    for name, message in (("nothing", "has no function 'nothing'"), ("first", "there is no file")):
        path = file if name == "nothing" else tmp_path / "other.py"
        with pytest.raises(ValueError, match=message):
            Experiment.read({"grid": {"rule": f"{path}:{name}"}})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"sesion": {}}, "an entry of an experiment must be .*'sesion' .did you mean session"),
        ({"session": {"dimensions": 5}}, "did you mean dimension"),
        ({"session": 5}, "session must be a table"),
        ({"grid": {"seed": 3}}, "an entry of \\[grid\\] must be .*did you mean seeds"),
        ({"grid": {"rule": "kurm"}}, "rule must be one of .*; got 'kurm' .did you mean krum"),
        ({"grid": {"rule": {"m": 3}}}, "a rule is a name, or"),
        ({"grid": {"rule": {"name": "krum", "depth": 3}}}, "rule 'krum, depth = 3'"),
        ({"grid": {"rule": {"name": "multi-krum", "m": 8}}}, "m"),
        ({"grid": {"rule": ["krum", "krum"]}}, "rules has 'krum' twice: give one a label"),
        ({"grid": {"rule": []}}, "the grid has no rules: name at least one"),
        ({"grid": {"attack": []}}, "the grid has no attacks"),
        ({"grid": {"byzantine": [2, 2]}}, "byzantine has 2 twice"),
        ({"grid": {"seeds": [3, 3]}}, "seeds has 3 twice"),
        ({"title": 3}, "title is a text; got 3"),
        ({"players": {"engine": "embeded"}}, "unknown engine 'embeded'"),
        ({"grid": {"rule": "bulyan"}}, "Bulyan needs n >= 4f"),
        ({"grid": {"rule": lambda X, f: X[:, 0]}}, "makes the shape"),
        ({"grid": {"attack": "nuke"}}, "attack must be one of .*got 'nuke'"),
        ({"grid": {"attack": {"name": "none", "strength": 2}}}, "'none' has no strength"),
        ({"grid": {"byzantine": 3}}, "2f \\+ 2 < n"),
        ({"grid": {"partition": "sorted"}}, "partition must be one of .*got 'sorted'"),
        ({"grid": {"partition": {"name": "shares", "shares": [1]}}}, "shares must be 7 numbers"),
        ({"grid": {"seeds": 0}}, "seeds is how many"),
        ({"grid": {"seeds": [1, -1]}}, "seeds is how many"),
        ({"session": {"dataset": "iris"}}, "dataset must be one of"),
        ({"players": {"engin": "embedded"}}, "must be one of engine"),
    ],
)
def test_what_cannot_be_run_is_named(content, message):
    with pytest.raises(ValueError, match=message):
        Experiment.read(content)


def test_a_file_that_is_no_toml(tmp_path):
    file = tmp_path / "e.toml"
    file.write_text("[grid\n")
    with pytest.raises(ValueError, match="e.toml is not valid TOML"):
        Experiment.read(file)
    with pytest.raises(OSError):
        Experiment.read(tmp_path / "other.toml")


@pytest.fixture
def patients(tmp_path):
    """A CSV file of three hospitals, a folder of them, a model, and an experiment beside them."""
    rng = np.random.default_rng(0)
    rows = [[*rng.normal(k % 2, 1, 2), "ABC"[k % 3], "no yes".split()[k % 2]] for k in range(90)]
    (tmp_path / "parts").mkdir()
    for file, some, columns in (
        ("all.csv", rows, slice(0, 4)),
        *((f"parts/{h}.csv", [r for r in rows if r[2] == h], [0, 1, 3]) for h in "ABC"),
    ):
        names = ["a", "b", "ward", "ill"]
        cut = (lambda row, c=columns: row[c]) if isinstance(columns, slice) else (
            lambda row, c=columns: [row[k] for k in c]
        )  # fmt: skip
        lines = [",".join(map(str, cut(row))) for row in [names, *some]]
        (tmp_path / file).write_text("\n".join(lines) + "\n")
    (tmp_path / "mine.py").write_text(
        "from sklearn.linear_model import Perceptron\n"
        "def make(features, classes):\n    return Perceptron()\n"
    )
    return tmp_path


def arguments(folder, session, **grid):
    """Of the first session of an experiment in a file of this folder."""
    file = folder / "e.toml"
    lines = ["[session]", "rounds = 1", *session.splitlines(), "[grid]", "byzantine = 0"]
    lines += [f"{key} = {value}" for key, value in {"attack": '"none"', **grid}.items()]
    file.write_text("\n".join(lines), encoding="utf-8")
    experiment = Experiment.read(file)
    return experiment.arguments(experiment.units()[0])


def test_data_of_ones_own_in_files_beside_the_experiment(patients):
    found = arguments(patients, 'data = "all.csv"\ntarget = "ill"\nby = "ward"')
    assert found["partition"] == "column" and found["clients"] == 3
    assert found["data"].features == 2 and found["data"].labels == ("no", "yes")
    other = arguments(patients, 'data = "all.csv"\ntarget = "ill"\nby = "ward"', seeds=[5])
    assert not np.array_equal(other["data"].x_test, found["data"].x_test)  # anew for each seed
    found = arguments(patients, 'data = "all.csv"\ntarget = "ill"\nwithout = ["ward"]')
    assert found["partition"] == "iid" and found["clients"] == 7 and found["data"].features == 2
    found = arguments(patients, 'client_data = "parts"\ntarget = "ill"')
    assert found["partition"] == "given" and found["data"].apart and found["clients"] == 3


def test_models_and_words_of_ones_own(patients):
    own = 'data = "all.csv"\ntarget = "ill"\n'
    found = arguments(patients, own + "epochs = 3\nlearning_rate = 0.5\nfraction = 20")
    assert (found["model"].epochs, found["model"].learning_rate) == (3, 0.5)
    assert found["fixed_point"].fraction == 20
    found = arguments(patients, own + 'model = "mine.py:make"\nshare = "update"')
    assert type(found["model"]).__name__ == "Perceptron" and found["share"] == "update"
    for wrong, message in (
        (own + 'model = "mine.py:make"\nepochs = 3', "epochs: set them where your own model"),
        (own + 'client_data = "parts"', "data and client_data: give one of them"),
        ('data = "all.csv"', "target: which column has the labels"),
        ('target = "ill"', "target names columns, and there is no data"),
        (own + 'model = "mine"', "write file.py:function"),
        ('data = "all.csv"\ntarget = "il"', r"no column 'il' \(did you mean ill\?\)"),
    ):
        with pytest.raises(ValueError, match=message):
            arguments(patients, wrong)
