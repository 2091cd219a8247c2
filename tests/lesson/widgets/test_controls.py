"""Linked controls and their explanations, without a front end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.aggregators.parameters import check_parameters, largest_f
from fl_krum.federation.data import DATASETS
from fl_krum.lesson.widgets.controls import (
    KrumControls,
    Picture,
    attack_choice,
    mimebundle,
    notice,
    parameter_problem,
)
from fl_krum.program.krum_program import KrumProgram


def possible(n, f):
    try:
        check_parameters(n, f)
    except ValueError:
        return False
    return True


@given(st.integers(3, 300))
def test_largest_f_is_possible_and_the_next_is_not(n):
    assert possible(n, largest_f(n)) and not possible(n, largest_f(n) + 1)


@given(st.integers(-3, 30), st.integers(-3, 30), st.integers(-3, 40))
def test_a_problem_is_named_exactly_when_there_is_one(n, f, d):
    problem = parameter_problem(n, f, d, range(1, 32))
    assert (problem is None) == (possible(n, f) and 1 <= d <= 31)
    assert problem is None or problem.endswith(".")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((7, 3), ["2f + 2 < n", "n = 7", "largest f here: 2", "= 2 nearest others"]),
        ((7, 4), ["= 1 nearest other;"]),
        ((7, 5), ["no neighbour would be left"]),
        ((2, 0), ["at least n = 3"]),
        ((7, -1), ["f >= 0"]),
        ((7, 2, 0), ["at least one coordinate", "d = 0"]),
        ((7, 2, 45, DATASETS["digits"]), ["d must be 10 to 650 in steps of 10", "d = 45"]),
        ((7, 2, 32, DATASETS["breast_cancer"]), ["d must be 1 to 31 here", "d = 32"]),
    ],
)
def test_problems_are_explained(arguments, said):
    problem = parameter_problem(*arguments)
    for words in said:
        assert words in problem


def test_a_further_check_is_asked_last():
    asked = []

    def refuse(**parameters):
        asked.append(parameters)
        raise ValueError("the budget does not fit")

    assert parameter_problem(7, 3, 5, check=refuse) and not asked
    assert parameter_problem(7, 2, 5, check=refuse) == "the budget does not fit."
    assert asked == [{"n": 7, "f": 2, "d": 5}]
    assert parameter_problem(7, 2, 5, check=KrumProgram) is None
    assert "300 clients are too many" in parameter_problem(300, 2, 5, check=KrumProgram)


def test_the_limit_of_f_follows_n():
    controls = KrumControls(7, 2, 5)
    for n in (20, 9, 8, 5, 4, 3, 12):
        controls.sliders["n"].value = n
        assert controls.n.value == n
        assert controls.sliders["f"].max == largest_f(n)
        assert controls.f.value <= largest_f(n) and controls.problem is None
    assert controls.f.value == 0  # n = 3 left no room; nothing puts f up again


def test_sliders_and_fields_move_together():
    controls = KrumControls(7, 2, 5)
    controls.sliders["d"].value = 12
    assert controls.d.value == 12
    controls.d.value = 30
    assert controls.sliders["d"].value == 30
    controls.f.value = 1
    assert controls.sliders["f"].value == 1
    assert controls.values == {"n": 7, "f": 1, "d": 30}


def test_what_cannot_be_is_kept_and_explained_until_it_can():
    controls = KrumControls(7, 2, 5)
    assert controls.message.value == ""
    controls.f.value = 3
    assert controls.f.value == 3 and controls.sliders["f"].value == controls.sliders["f"].max == 2
    assert "2f + 2 &lt; n" in controls.message.value and "nearest others" in controls.message.value
    controls.set(n=9)
    assert controls.message.value == "" and controls.sliders["f"].value == 3


def test_one_change_is_reported_once():
    controls = KrumControls(12, 4, 5)
    seen = []
    controls.observe(lambda: seen.append(controls.values))
    controls.sliders["n"].value = 5  # f goes along
    assert seen == [{"n": 5, "f": 1, "d": 5}]
    controls.set(n=9, f=3, d=7)
    assert seen[1:] == [{"n": 9, "f": 3, "d": 7}]
    controls.n.value = 1
    assert seen[2:] == [{"n": 1, "f": 0, "d": 7}] and controls.problem


def test_another_data_set_has_other_dimensions():
    controls = KrumControls(7, 2, 31)
    controls.set_dimensions(DATASETS["digits"])
    slider = controls.sliders["d"]
    assert controls.d.value == slider.value == 30
    assert (slider.min, slider.max, slider.step) == (10, 650, 10)
    controls.d.value = 45
    assert "steps of 10" in controls.message.value
    controls.set_dimensions(DATASETS["breast_cancer"])
    assert controls.d.value == slider.value == 31 and controls.problem is None


def test_controls_can_be_locked():
    controls = KrumControls()
    controls.disabled = True
    assert controls.disabled and controls.sliders["f"].disabled and controls.d.disabled


def test_notices_are_text_not_html():
    assert notice(None) == notice("") == ""
    assert "2f + 2 &lt; n" in notice("2f + 2 < n")


def test_attacks_are_offered_by_name():
    assert "alie" in attack_choice("none").options and attack_choice("none").value == "none"


def test_a_page_without_a_kernel_has_a_picture_and_words():
    bundle = mimebundle(KrumControls().box, "words", b"\x89PNG")
    assert bundle["text/plain"] == "words"
    assert bundle["image/png"] == "iVBORw=="
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert "image/png" not in mimebundle(KrumControls().box, "words")


def test_a_picture_has_words_for_those_who_do_not_see_it():
    picture = Picture("900px", display="none")
    picture.show(b"\x89PNG", 'Krum chooses "2" & not 3.')
    assert 'alt="Krum chooses &quot;2&quot; &amp; not 3."' in picture.value
    assert "base64,iVBORw==" in picture.value and picture.layout.display == "none"
