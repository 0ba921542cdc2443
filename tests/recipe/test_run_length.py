"""The length of a schedule that a recipe leaves out, also inside other schedules."""

import pytest

from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.recipe.spec import use

LENGTH = RunLength(steps_per_epoch=40, epochs=10)
COSINE = use("CosineDecay", initial_learning_rate=0.1)


def built(name, **options):
    return use(name, **options).build("schedule", LENGTH)


@pytest.mark.parametrize(
    ("name", "options", "option"),
    [
        ("LinearDecay", {"initial_learning_rate": 0.1}, "decay_steps"),
        ("OneCycle", {"peak_learning_rate": 0.1}, "total_steps"),
        ("OneCycleMomentum", {}, "total_steps"),
        ("WarmupStableDecay", {"peak_learning_rate": 0.1}, "total_steps"),
    ],
)
def test_it_is_the_whole_run(name, options, option):
    assert getattr(built(name, **options), option) == 400
    in_epochs = {option.replace("_steps", "_epochs"): 2.5}
    assert getattr(built(name, **options, **in_epochs), option) == 100


def test_options_in_epochs():
    cycle = built("OneCycle", peak_learning_rate=0.1, warmup_epochs=5)
    assert (cycle.total_steps, cycle.warmup_steps) == (400, 200)
    assert float(cycle(200)) == pytest.approx(0.1)
    stable = built("WarmupStableDecay", peak_learning_rate=0.1, warmup_epochs=1, cooldown_epochs=2)
    assert (stable.warmup_steps, stable.cooldown_steps) == (40, 80)
    bounds = {"base_learning_rate": 0.1, "max_learning_rate": 0.2}
    assert built("Cyclic", half_cycle_epochs=2, **bounds).half_cycle_steps == 80


def test_the_sample_of_the_design():
    rate = use("OneCycle", peak_learning_rate=0.1, warmup_epochs=5)
    spec = use("SGD", momentum=0.9, nesterov=True, weight_decay=5e-4, learning_rate=rate)
    optimizer = spec.build("optimizer", RunLength(steps_per_epoch=390, epochs=30))
    optimizer.iterations.assign(5 * 390)
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    optimizer.iterations.assign(30 * 390)
    assert float(optimizer.learning_rate) == pytest.approx(4e-7)


@pytest.mark.parametrize(("shifted", "steps"), [(False, 400), (True, 360)])
def test_a_schedule_in_a_warmup_ends_with_the_run(shifted, steps):
    schedule = built("Warmup", schedule=COSINE, warmup_epochs=1, shifted=shifted)
    assert schedule.schedule.decay_steps == steps
    assert float(schedule(399)) > 0
    assert float(schedule(400)) == pytest.approx(0, abs=1e-9)
    given = COSINE.build("schedule", LENGTH).decay_steps
    assert given == 400


def test_a_length_that_is_given_is_kept():
    inner = use("CosineDecay", initial_learning_rate=0.1, decay_epochs=3)
    schedule = built("Warmup", schedule=inner, warmup_steps=10, shifted=True)
    assert schedule.schedule.decay_steps == 120


def test_schedules_in_a_chain_end_where_the_next_begins():
    linear = use("LinearDecay", initial_learning_rate=0.1)
    schedule = built("Chain", schedules=[linear, 0.1, COSINE], boundaries_epochs=[2, 2.5])
    assert schedule.boundaries_steps == [80, 100]
    assert [schedule.schedules[0].decay_steps, schedule.schedules[2].decay_steps] == [80, 300]


def test_one_in_another_in_another():
    warm = use("Warmup", schedule=COSINE, warmup_epochs=1, shifted=True)
    schedule = built("Chain", schedules=[warm, warm], boundaries_epochs=[4])
    assert [s.schedule.decay_steps for s in schedule.schedules] == [120, 200]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: built("Warmup", schedule=COSINE, warmup_epochs=10), "The run must be longer than"),
        (lambda: built("Warmup", schedule=COSINE, warmup_steps=-1), "`warmup_steps` must be an"),
        (
            lambda: built("OneCycle", peak_learning_rate=0.1, warmup_epochs=10),
            "The warmup must end",
        ),
        (lambda: built("Chain", schedules=[COSINE, 0.1], boundaries_epochs=[10]), "within the run"),
        (lambda: built("Chain", schedules=[COSINE], boundaries_epochs=[1]), "one more than"),
        (lambda: built("Chain", schedules=[COSINE, 0.1], boundaries_epochs=[0]), "at least 1"),
    ],
)
def test_a_run_that_is_too_short(make, message):
    with pytest.raises(ValueError, match=message):
        make()
