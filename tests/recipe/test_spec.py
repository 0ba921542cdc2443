import copy
import json
import pathlib
import pickle
import textwrap

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasrecipes import use
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.recipe.spec import Spec, canonical, from_plain, to_plain


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module of a user's own."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "mine_for_spec.py").write_text(
        textwrap.dedent(
            """
            class Base:
                def __init__(self, scale=1.0, **kwargs): self.given = {"scale": scale, **kwargs}

            class Warm(Base):
                def __init__(self, warmup_steps, total_steps=None, milestones_steps=(), **kwargs):
                    super().__init__(**kwargs)
                    self.warmup_steps, self.total_steps = warmup_steps, total_steps
                    self.milestones_steps = milestones_steps

            class InEpochs:
                def __init__(self, warmup_epochs): self.warmup_epochs = warmup_epochs

            class Named:
                def __init__(self, name, family=None): self.name = name

            class Folder:
                local_paths = ("directory",)
                def __init__(self, directory, size=8): ...
            """
        )
    )
    return lambda name, /, **options: use(f"mine_for_spec:{name}", **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: use("Adamm"), "Did you mean 'Adam'"),
        (lambda: use("SGD", momentun=0.9), "SGD has no option 'momentun'. Did you mean 'momentum'"),
        (lambda: use("SGD", momentun=0.9), "Options: learning_rate, momentum, nesterov"),
        (lambda: use("RandomZoom"), "RandomZoom needs the option 'height_factor'"),
        (lambda: use("SGD", learning_rate=use("Adam")), "no schedule component 'Adam'"),
        (lambda: use("Dense", units=3, kernel_regularizer=use("Dense", units=3)), "no regularizer"),
        (lambda: use("SGD", self=1), "SGD has no option 'self'"),
        (lambda: use("SGD", kwargs={}), "SGD has no option 'kwargs'"),
        (lambda: use("SGD", learning_rate=float("nan")), "`learning_rate` must be finite"),
        (lambda: use("SGD", learning_rate=[{"a": -np.inf}]), "`learning_rate` must be finite"),
    ],
)
def test_what_is_wrong_is_said_when_a_spec_is_made(make, message):
    with pytest.raises(ValueError, match=r"\w") as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [np.ones(2), object(), {1, 2}, b"x", 1j, len, keras.optimizers])
def test_an_option_that_json_cannot_hold_is_a_type_error(value):
    with pytest.raises(TypeError, match="`momentum` must be plain data"):
        use("SGD", momentum=value)


def test_options_of_base_classes_count_and_are_checked_too(mine):
    assert use("SGD", clipnorm=1.0).build().clipnorm == 1.0
    built = mine("Warm", warmup_steps=1, scale=2.0).build()
    assert built.given == {"scale": 2.0}
    with pytest.raises(ValueError, match="has no option 'scael'. Did you mean 'scale'"):
        mine("Warm", warmup_steps=1, scael=2.0)


def test_a_required_option_may_come_from_a_name_that_has_a_default_in_the_base(mine):
    with pytest.raises(ValueError, match="needs the option 'warmup_steps'"):
        mine("Warm")
    mine("Warm", warmup_epochs=1)


def test_options_may_be_called_name_and_family(mine):
    spec = mine("Named", name="cifar10", family="a")
    assert spec.build().name == "cifar10"
    assert from_plain(spec.to_dict()) == spec


def test_a_name_of_two_families_is_checked_against_the_one_that_fits():
    assert use("CategoricalCrossentropy", axis=-1).build("metric").name
    use("SparseCategoricalCrossentropy", ignore_class=3)  # of the loss
    with pytest.raises(ValueError, match="no option 'ignore_klass'"):
        use("SparseCategoricalCrossentropy", ignore_klass=3)


def test_what_is_given_is_not_aliased():
    units, scales = [32, 16], {"a": [1]}
    spec = use("MLP", units=units)
    other = Spec("Anything", {"scales": scales})
    units.append(8)
    scales["a"].append(2)
    scales["b"] = 3
    assert spec.options["units"] == (32, 16)
    assert other.to_dict() == {"use": "Anything", "scales": {"a": [1]}}
    with pytest.raises(TypeError, match="does not support item assignment"):
        spec.options["units"] = ()


def test_what_is_handed_out_is_not_aliased(mine):
    spec = mine("Warm", warmup_steps=1, milestones_steps=[1, 2])
    spec.to_dict()["milestones_steps"].append(3)
    spec.build().milestones_steps.append(3)
    assert spec.build().milestones_steps == [1, 2]


def test_each_build_is_a_fresh_object_all_the_way_down():
    spec = use("SGD", learning_rate=use("PiecewiseConstantDecay", boundaries=[5], values=[1, 2]))
    first, second = spec.build("optimizer"), spec.build("optimizer")
    assert first is not second
    assert first._learning_rate is not second._learning_rate


def test_options_in_epochs_become_steps(mine):
    length = RunLength(steps_per_epoch=40, epochs=10)
    spec = mine("Warm", warmup_epochs=1.5, milestones_epochs=[2, 0.51])
    built = spec.build(length=length)
    assert built.warmup_steps == 60
    assert built.milestones_steps == [80, 20]
    assert mine("InEpochs", warmup_epochs=1.5).build(length=length).warmup_epochs == 1.5
    with pytest.raises(ValueError, match="of mine_for_spec:Warm can be used only if the length"):
        spec.build()
    for wrong, error in (("2", TypeError), (-1, ValueError), ([1, None], TypeError)):
        with pytest.raises(error, match="`warmup_epochs` must be a number of at least 0"):
            mine("Warm", warmup_epochs=wrong).build(length=length)


def test_the_same_option_in_both_units_is_refused(mine):
    with pytest.raises(ValueError, match="takes 'warmup_steps' or 'warmup_epochs', not both"):
        mine("Warm", warmup_steps=3, warmup_epochs=1)


def test_a_length_that_is_left_out_is_the_whole_run(mine):
    length = RunLength(steps_per_epoch=40, epochs=10)
    assert length.total_steps == 400
    assert mine("Warm", warmup_steps=9).build(length=length).total_steps == 400
    assert mine("Warm", warmup_steps=9, total_steps=7).build(length=length).total_steps == 7
    assert mine("Warm", warmup_steps=9, total_epochs=2).build(length=length).total_steps == 80
    assert mine("Warm", warmup_steps=9).build().total_steps is None


def test_keras_counts_a_decay_from_the_end_of_its_warmup():
    length = RunLength(steps_per_epoch=40, epochs=10)
    spec = use("CosineDecay", initial_learning_rate=0.0, warmup_epochs=1, warmup_target=1.0)
    schedule = spec.build("schedule", length)
    assert schedule.decay_steps == 360
    rates = [float(schedule(step)) for step in (0, 20, 40, 220, 399, 400)]
    np.testing.assert_allclose(rates[:4], [0.0, 0.5, 1.0, 0.5], atol=1e-6)
    assert 0 < rates[4] < 1e-4
    assert rates[5] == 0
    assert use("CosineDecay", initial_learning_rate=1.0).build(None, length).decay_steps == 400


def test_nested_specs_are_built_with_the_length_too():
    spec = use(
        "SGD", learning_rate=use("ExponentialDecay", initial_learning_rate=1, decay_rate=0.5)
    )
    assert spec.build("optimizer", RunLength(40, 10))._learning_rate.decay_steps == 400


def test_specs_are_values():
    one = use("SGD", momentum=1, nesterov=True)
    assert one == use("SGD", nesterov=True, momentum=1.0)
    assert hash(one) == hash(use("SGD", nesterov=True, momentum=1.0))
    assert one != use("SGD", momentum=1)
    assert one != use("AdamW")
    assert len({one, use("SGD", momentum=1.0, nesterov=True)}) == 1
    assert repr(one) == "use('SGD', momentum=1, nesterov=True)"
    assert eval(repr(one)) == one
    for clone in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one), copy.copy(one)):
        assert clone == one


def test_numpy_scalars_and_paths_become_plain():
    spec = Spec("X", {"a": np.int64(3), "b": np.float64(0.1), "c": np.bool_(True),
                      "d": pathlib.Path("x") / "y", "e": (np.str_("s"), None)})  # fmt: skip
    assert json.loads(json.dumps(spec.to_dict())) == {
        "use": "X", "a": 3, "b": 0.1, "c": True, "d": str(pathlib.Path("x/y")), "e": ["s", None],
    }  # fmt: skip


def test_the_canonical_form_leaves_out_local_paths_and_writes_numbers_one_way(mine):
    spec = mine("Folder", directory="/home/me", size=8.0)
    assert canonical(spec) == {"use": "mine_for_spec:Folder", "size": 8}
    assert canonical({"a": (1.0, 0.5, True, "x")}) == {"a": [1, 0.5, True, "x"]}
    assert spec.to_dict()["directory"] == "/home/me"


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter("use".__ne__), inner),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(min_size=1).filter("use".__ne__), plain))
def test_the_json_form_is_lossless(options):
    spec = Spec("X", {**options, "nested": Spec("SGD", {"momentum": 0.5})})
    written = json.loads(json.dumps(spec.to_dict()))
    read = Spec(written.pop("use"), {k: from_plain(v) for k, v in written.items()})
    assert read == spec
    assert to_plain(read) == spec.to_dict()


def test_a_warmup_as_long_as_the_run_is_refused():
    schedule = use("CosineDecay", initial_learning_rate=0.1, warmup_target=0.2, warmup_epochs=2)
    with pytest.raises(ValueError, match=r"warmup of CosineDecay .* 20 steps \(2 epochs\)"):
        schedule.build("schedule", RunLength(steps_per_epoch=10, epochs=2))


def test_a_whole_number_is_a_learning_rate():
    one = use("SGD", learning_rate=1)
    assert one.options["learning_rate"] == 1
    assert float(one.build("optimizer").learning_rate) == 1.0
    assert use("SGD", learning_rate=np.int64(1)).build("optimizer").learning_rate == 1.0
    decay = use("ExponentialDecay", initial_learning_rate=1, decay_steps=2, decay_rate=0.5)
    assert float(decay.build("schedule")(1)) == pytest.approx(0.5**0.5)
    assert one.to_dict() == {"use": "SGD", "learning_rate": 1}


def test_a_component_in_another_may_be_given_by_its_name():
    for name in ("RAdam", "SGD", "sgd"):
        inner = use("Lookahead", optimizer=name).build("optimizer").optimizer
        assert type(inner).__name__.lower() == name.lower()
    dense = use("Dense", units=2, kernel_initializer="DeltaOrthogonal").build("layer")
    assert type(dense.kernel_initializer).__name__ == "DeltaOrthogonal"
    assert use("Lookahead", optimizer="RAdam").to_dict()["optimizer"] == "RAdam"


@pytest.mark.parametrize(
    "make",
    [
        lambda: use("AveragePooling2D", pool_size=2),
        lambda: use("GlobalMaxPooling2D"),
        lambda: use("Conv2D", filters=2, kernel_size=3),
        lambda: use("LSTM", units=2),
        lambda: use("LossScaleOptimizer", inner_optimizer=use("SGD")),
    ],
)
def test_what_a_class_gives_to_its_bases_need_not_be_given(make):
    assert make().build() is not None
