import pytest

from kerasrecipes.tuning.rungs import Stage, stages_of, usual_stages


def test_all_forms_of_stages_are_the_same():
    expected = (Stage(20, 2), Stage(8, 8), Stage(3, 30))
    assert stages_of("20x2,8x8,3x30") == stages_of(" 20 X 2, 8×8,3x30 ") == expected
    assert stages_of([(20, 2), [8, 8], "3x30"]) == stages_of(expected) == expected


@pytest.mark.parametrize(
    "given", ["", "20", "20x", "0x2", "2x0", "-1x3", "20x2;8x8", "8x8,20x2", "3x2,3x2", []]
)
def test_stages_that_cannot_be_are_refused(given):
    with pytest.raises(ValueError, match=r"Received|must be"):
        stages_of(given)


def test_a_stage_of_another_type_is_refused():
    with pytest.raises(TypeError, match="pair"):
        stages_of([(1, 2, 3)])


@pytest.mark.parametrize(("trials", "epochs"), [(20, 27), (1, 1), (5, 2), (40, 100), (3, 9)])
def test_usual_stages_cost_what_was_asked(trials, epochs):
    stages = usual_stages(trials, epochs)
    assert stages[-1].epochs == epochs
    assert stages_of(stages) == stages
    cost = sum(stage.budget_epochs for stage in stages)
    assert abs(cost - trials * epochs) <= epochs
