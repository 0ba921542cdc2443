import pytest

from kerasrecipes.tuning.rungs import Rung, rungs_of, usual_rungs


def test_all_forms_of_rungs_are_the_same():
    expected = (Rung(20, 2), Rung(8, 8), Rung(3, 30))
    assert rungs_of("20x2,8x8,3x30") == rungs_of(" 20 X 2, 8×8,3x30 ") == expected
    assert rungs_of([(20, 2), [8, 8], "3x30"]) == rungs_of(expected) == expected


@pytest.mark.parametrize(
    "given", ["", "20", "20x", "0x2", "2x0", "-1x3", "20x2;8x8", "8x8,20x2", "3x2,3x2", []]
)
def test_rungs_of_another_form_or_order_are_refused(given):
    with pytest.raises(ValueError, match=r"Received|must be"):
        rungs_of(given)


def test_a_rung_of_another_type_is_refused():
    with pytest.raises(TypeError, match="pair"):
        rungs_of([(1, 2, 3)])


@pytest.mark.parametrize(("trials", "epochs"), [(20, 27), (1, 1), (5, 2), (40, 100), (3, 9)])
def test_usual_rungs_cost_what_was_asked(trials, epochs):
    rungs = usual_rungs(trials, epochs)
    assert rungs[-1].epochs == epochs
    assert rungs_of(rungs) == rungs
    cost = sum(rung.budget_epochs for rung in rungs)
    assert abs(cost - trials * epochs) <= epochs
