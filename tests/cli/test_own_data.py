"""A session on one's own files: what is said of them, resumed on the same only, errors."""

import json

import numpy as np
import pytest

from fl_krum.cli import main


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["a,b,number,ward,ill"]
    for k in range(120):
        a, b = rng.normal(2 * (k % 2), 1, 2)
        lines.append(f"{a},{b},{k},{'ABCDEFG'[k % 7]},{'ny'[k % 2]}")
    path = tmp_path / "patients.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_session_on_a_file_can_be_resumed_on_that_file_only(file, tmp_path, capsys):
    report = tmp_path / "out.json"
    own = ["--data", str(file), "--target", "ill", "--by", "ward", "--without", "number"]
    more = ["--epochs", "2", "--share", "update", "--fraction", "22"]
    size = ["session", "--rounds", "1", "--threshold", "1", "--attack", "alie"]
    assert main([*size, *own, *more, "--json", str(report)]) == 0
    said = capsys.readouterr().out
    assert "d = 3 weights, learnt from patients (column split)" in said
    assert "labels      0 = n, 1 = y" in said
    settings = json.loads(report.read_text())["settings"]
    assert settings["by"] == "ward" and settings["epochs"] == 2 and settings["share"] == "update"
    assert len(settings["samples"]) == 7 and settings["without"] == "number"
    assert main(["session", "--resume", str(report), "--rounds", "2"]) == 0
    assert len(json.loads(report.read_text())["rounds"]) == 2
    file.write_text(file.read_text().replace("ill\n", "ill\n9.9,9.9,7,A,y\n", 1))
    assert main(["session", "--resume", str(report), "--rounds", "3"]) == 2
    error = capsys.readouterr().err
    assert "is of a session with" in error and "samples" in error or "data_sha256" in error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--data FILE", "--target: which column has the labels?"),
        ("--data FILE --target sick", "no column 'sick'"),
        ("--data FILE --target ill --by word", "no column 'word' (did you mean ward?)"),
        ("--data FILE --target ill --by ward --alpha 1", "--alpha deals data out"),
        ("--data FILE --target ill --by ward --clients 8", "so there are 7 clients, not 8"),
        ("--data FILE --target ill --client-data DIR", "--data and --client-data: give one"),
        ("--data FILE --target ill --dimension 5", "dimension = 5 does not fit"),
        ("--data FILE --target ill --without x", "no column 'x'"),
        ("--client-data DIR --target ill --by ward", "--by is a column of the file"),
        ("--client-data DIR/none --target ill", "none is not a folder"),
        ("--client-data FILE --target ill", ".csv is not a folder; name the one with"),
        ("--data FILE --target ill --without ill", "without: the column 'ill' has the labels"),
        ("--data FILE --target ill --by ill", "by: the column 'ill' has the labels"),
        ("--client-data DIR --target ill --without ill", "the column 'ill' has the labels"),
        (
            "--data FILE --target ill --dataset digits",
            "--dataset digits: with data of your",
        ),
        ("--target ill", "--target is of --data or --client-data"),
        ("--epochs 0", "epochs must be at least 1, got 0"),
        ("--learning-rate 0", "learning_rate must be a number above 0, got 0.0"),
        ("--share gradient", "share must be one of model, update"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_started(file, options, message, capsys):
    words = options.replace("FILE", str(file)).replace("DIR", str(file.parent)).split()
    assert main(["session", *words]) == 2
    assert message in capsys.readouterr().err
