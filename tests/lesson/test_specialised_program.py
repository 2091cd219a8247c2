"""A specialised program does what the generated one does, and has no branch left to decide."""

import functools

import numpy as np
import pytest

from fl_krum import KrumProgram, LocalPlayers, krum
from fl_krum.lesson.program_sections import sections
from fl_krum.lesson.specialised_program import functions
from fl_krum.lesson.specialised_program import specialised as specialise

specialised = functools.cache(specialise)  # the same few programs in many tests


class Specialised(KrumProgram):
    """A program whose players are given the specialised text."""

    def source(self):
        return specialised(KrumProgram(self.n, self.f, self.d, average=self.average))


@pytest.mark.parametrize("sizes", [(5, 1, 3, 1), (5, 1, 50, 2)], ids=["krum", "long, multi-krum"])
def test_players_that_run_it_give_the_same_with_the_same_exchanges(sizes):
    n, f, d, average = sizes
    vectors = np.random.default_rng(4).normal(size=(n, d))
    with LocalPlayers(Specialised(n, f, d, average=average)) as players:
        result = players.aggregate(vectors)
        exchanges = max(one["rounds"] for one in players.statistics())
    program = KrumProgram(n, f, d, average=average)
    words = program.fixed_point.encode(vectors)
    chosen = words[krum(words, f).ranking[:average]].sum(axis=0)
    assert result.tolist() == program.fixed_point.decode(chosen, average).tolist()
    assert exchanges == len(program.cost().rounds) + 1  # and one to agree on keys


def test_of_krum_what_many_clients_several_vectors_and_long_ones_need_is_gone():
    text = specialised(KrumProgram())
    for name in ("choose_several", "smallest(", "not short", "average == 1", "fold_sums"):
        assert name in KrumProgram().source() and name not in text
    assert "first_roots" not in text and "store(choose_best(), choice, 0)" in text
    kept = {one.title for one in sections(text)}
    assert kept == {one.title for one in sections(KrumProgram().source())}
    # Every line was there before, but for its indentation and for decided expressions.
    before = {line.strip() for line in KrumProgram().source().splitlines()}
    new = {line.strip() for line in text.splitlines()} - before
    assert len(new) <= 5, new


def test_other_settings_keep_what_they_need():
    assert "choose_several()" in specialised(KrumProgram(average=3))
    assert "choose_best" not in specialised(KrumProgram(average=3))
    assert "smallest(" in specialised(KrumProgram(12, 4))
    assert "fold_sums()" in specialised(KrumProgram(d=1000))
    assert "fold_words" not in specialised(KrumProgram(d=1000))


def test_every_section_of_krum_fits_on_a_page():
    text = specialised(KrumProgram())
    for title in ("Input", "Distances", "Neighbours", "Scores", "Choice", "Output"):
        section = next(one for one in sections(text) if one.title == title)
        assert len(section.text.strip().splitlines()) <= 36, title


def test_functions_are_shown_by_name():
    text = functions(specialised(KrumProgram()), "choose_best", "choose")
    assert text.startswith("def choose_best():") and text.index("def choose():") > 0
    with pytest.raises(ValueError, match="no function choose_several"):
        functions(specialised(KrumProgram()), "choose_several")
