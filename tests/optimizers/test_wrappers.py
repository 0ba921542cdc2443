"""Wrappers: what each of them adds, and what is refused."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras.optimizers import LossScaleOptimizer

from kerasrecipes.diagnostics.learning_rate_finder import batches_of_update
from kerasrecipes.optimizers import (
    LARS,
    AdaBelief,
    AdaptiveGradientClipping,
    DecayKernelsOnly,
    DiffGrad,
    GradientCentralization,
    LayerwiseLearningRates,
    Lookahead,
    Momentum,
    RAdam,
    StagewiseLearningRates,
)


def model_with_a_backbone():
    inputs = keras.Input((3,))
    backbone = keras.Model(inputs, layers.Dense(4, name="conv1")(inputs), name="backbone")
    image = keras.Input((3,))
    return keras.Model(image, layers.Dense(2, name="head")(backbone(image)))


def resolved(optimizer, model):
    optimizer.build(model.trainable_variables)
    return optimizer.get_config()["multipliers"]


def test_a_backbone_gets_a_tenth():
    model = model_with_a_backbone()
    backbone = model.get_layer("backbone")
    optimizer = LayerwiseLearningRates.for_backbone("adam", model, backbone)
    assert resolved(optimizer, model) == [0.1, 0.1, 1.0, 1.0]
    by_layer = LayerwiseLearningRates("adam", {backbone: 0.1, model.get_layer("head"): 1.0})
    assert resolved(by_layer, model) == [0.1, 0.1, 1.0, 1.0]


def test_multipliers_fall_towards_the_input():
    model = keras.Sequential([keras.Input((3,)), *[layers.Dense(2) for _ in range(3)]])
    optimizer = LayerwiseLearningRates.by_depth("adam", model.layers, factor=0.5)
    assert resolved(optimizer, model) == [0.25, 0.25, 0.5, 0.5, 1.0, 1.0]
    first, second, third = model.layers
    grouped = LayerwiseLearningRates.by_depth("adam", [[first, second], third], factor=0.5)
    assert resolved(grouped, model) == [0.5, 0.5, 0.5, 0.5, 1.0, 1.0]


def test_the_most_particular_key_counts():
    model = model_with_a_backbone()
    conv1 = model.get_layer("backbone").get_layer("conv1")
    keys = {"": 0.5, "head": 0.25, "head/bias": 0.125, model.get_layer("backbone"): 2.0, conv1: 4.0}
    optimizer = LayerwiseLearningRates("adam", keys)
    assert resolved(optimizer, model) == [4.0, 4.0, 0.25, 0.125]


@pytest.mark.parametrize("make", [keras.optimizers.SGD, keras.optimizers.AdamW, RAdam, DiffGrad])
def test_a_multiplier_scales_the_step_and_its_weight_decay(make):
    steps = np.random.default_rng(0).normal(size=(8, 3, 2)).astype("float32")

    def end(optimizer):
        w = keras.Variable(np.ones((3, 2)), dtype="float32", name="kernel")
        for step in steps:
            optimizer.apply([ops.convert_to_tensor(step)], [w])
        return ops.convert_to_numpy(w)

    received = end(LayerwiseLearningRates(make(0.1, weight_decay=0.2), {"kernel": 0.25}))
    np.testing.assert_allclose(received, end(make(0.025, weight_decay=0.2)), atol=1e-6)


def test_multipliers_survive_that_names_change():
    model = keras.Sequential([layers.Dense(2, name="stem"), layers.Dense(1, name="head")])
    model.build((None, 3))
    optimizer = LayerwiseLearningRates("adam", {"stem": 0.1, "head": 1.0})
    assert resolved(optimizer, model) == [0.1, 0.1, 1.0, 1.0]
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    renamed = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(1)])
    assert resolved(copy, renamed) == [0.1, 0.1, 1.0, 1.0]


def staged_model():
    inputs = keras.Input((3,))
    x = layers.Dense(4, name="stem")(inputs)
    x = layers.BatchNormalization(name="stage1_norm")(x)
    x = layers.Dense(4, name="stage2")(x)
    model = keras.Model(inputs, layers.Dense(2, name="head")(x))
    return model, [[model.get_layer(name)] for name in ("stem", "stage1_norm", "stage2", "head")]


def test_rates_by_stage_are_exactly_as_asked_after_saving_and_loading_too(tmp_path):
    model, stages = staged_model()
    optimizer = StagewiseLearningRates(keras.optimizers.SGD(0.5), depth_factor=0.5)
    optimizer.assign_stages(model.trainable_variables, stages)
    model.compile(optimizer, "mse")
    optimizer.build(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        before = each.get_weights()
        each.optimizer.apply([ops.ones(v.shape) for v in each.trainable_variables])
        steps = [
            float(np.unique(b - a)[0]) for b, a in zip(before, each.get_weights(), strict=True)
        ]
        rates = [0.025, 0.025, 0.05, 0.05, 0.1, 0.1, 1.0, 1.0]
        # The moving statistics of the second stage do not change.
        expected = [0.5 * rate for rate in [*rates[:4], 0, 0, *rates[4:]]]
        np.testing.assert_allclose(steps, expected, rtol=1e-5)


def test_stages_are_unfrozen_from_the_head_down_and_keep_every_bit_until_then():
    model, stages = staged_model()
    optimizer = StagewiseLearningRates(
        keras.optimizers.AdamW(0.1, weight_decay=0.1), unfreeze_every_steps=2
    )
    optimizer.assign_stages(model.trainable_variables, stages)
    first = [np.array(ops.convert_to_numpy(v)) for v in model.trainable_variables]
    unfrozen = {}
    for step in range(8):
        optimizer.apply(
            [ops.ones(v.shape) for v in model.trainable_variables], model.trainable_variables
        )
        for variable, before in zip(model.trainable_variables, first, strict=True):
            if not np.array_equal(ops.convert_to_numpy(variable), before):
                unfrozen.setdefault(variable.path.split("/")[-2], step)
    assert unfrozen == {"head": 0, "stage2": 2, "stage1_norm": 4, "stem": 6}


def test_stages_are_unfrozen_after_as_many_batches_however_many_an_update_has():
    """Stage `d` is frozen for `4 d` batches: two updates of two."""
    model, stages = staged_model()
    inner = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    optimizer = StagewiseLearningRates(inner, unfreeze_every_steps=4)
    optimizer.assign_stages(model.trainable_variables, stages)
    first = [np.array(ops.convert_to_numpy(v)) for v in model.trainable_variables]
    moved = {}
    for batch in range(14):
        optimizer.apply(
            [ops.ones(v.shape) for v in model.trainable_variables], model.trainable_variables
        )
        for variable, before in zip(model.trainable_variables, first, strict=True):
            if not np.array_equal(ops.convert_to_numpy(variable), before):
                moved.setdefault(variable.path.split("/")[-2], batch)
    assert moved == {"head": 1, "stage2": 5, "stage1_norm": 9, "stem": 13}


def test_stages_must_hold_every_weight_and_be_assigned():
    model, stages = staged_model()
    optimizer = StagewiseLearningRates("adam")
    with pytest.raises(ValueError, match="Not covered: stem/kernel, stem/bias"):
        optimizer.assign_stages(model.trainable_variables, stages[1:])
    with pytest.raises(ValueError, match="must be assigned to stages before"):
        optimizer.build(model.trainable_variables)
    optimizer.assign_stages(model.trainable_variables, stages)
    model.get_layer("stem").trainable = False
    with pytest.raises(ValueError, match="each of the 6 trainable weights.* 8 depths"):
        optimizer.build(model.trainable_variables)


def test_the_learning_rate_can_be_read_and_set_through_wrappers():
    for wrap in (Lookahead, lambda o: LayerwiseLearningRates(o, {"": 0.5})):
        optimizer = wrap(keras.optimizers.SGD(0.25))
        assert float(ops.convert_to_numpy(optimizer.learning_rate)) == 0.25
        optimizer.learning_rate = 0.5
        copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
        assert float(ops.convert_to_numpy(copy.learning_rate)) == 0.5


def test_wrappers_are_saved_for_every_backend():
    for wrap in (Lookahead, lambda o: LayerwiseLearningRates(o, {"": 0.5})):
        config = keras.optimizers.serialize(wrap(keras.optimizers.Adam()))
        assert config["config"]["optimizer"]["module"] == "keras.optimizers"


def test_the_first_synchronization_looks_back_to_the_initial_weights():
    optimizer = Lookahead(keras.optimizers.SGD(1.0), sync_period_steps=2)
    w = keras.Variable([5.0])
    seen = []
    for _ in range(4):
        optimizer.apply([ops.array([1.0])], [w])
        seen.append(ops.convert_to_numpy(w).item())
    assert seen == [4.0, 4.0, 3.0, 3.0]
    assert ops.convert_to_numpy(optimizer.slow_weights[0]).item() == 3.0


def test_clipping_takes_each_output_by_itself_and_a_bias_as_a_whole():
    optimizer = AdaptiveGradientClipping(keras.optimizers.SGD(1.0), 0.1, exclude=["head"])
    kernel = keras.Variable([[3.0, 3.0], [4.0, 4.0]], name="kernel")
    bias, head = keras.Variable([3.0, 4.0], name="bias"), keras.Variable([1.0], name="head")
    gradients = [[[0.0, 0.1], [2.0, 0.0]], [6.0, 8.0], [1.0]]
    optimizer.apply([ops.array(g) for g in gradients], [kernel, bias, head])
    np.testing.assert_allclose(ops.convert_to_numpy(kernel), [[3.0, 2.9], [3.5, 4.0]], atol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(bias), [2.7, 3.6], atol=1e-6)
    assert ops.convert_to_numpy(head).item() == 0


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: RAdam(learning_rate=1), ValueError, "such as 1.0"),
        (lambda: RAdam(learning_rate=-0.1), ValueError, "`learning_rate` must be"),
        (lambda: RAdam(weight_decay=-1.0), ValueError, "`weight_decay` must be"),
        (lambda: RAdam(beta_1=1.0), ValueError, r"`beta_1` must be a number in \[0, 1\)"),
        (lambda: DiffGrad(beta_2=-0.1), ValueError, "`beta_2` must be"),
        (lambda: AdaBelief(epsilon=0.0), ValueError, "`epsilon` must be a number greater than 0"),
        (lambda: AdaBelief(epsilon="small"), TypeError, "Received: epsilon='small'"),
        (lambda: RAdam(threshold=3.0), ValueError, "`threshold` must be"),
        (lambda: Momentum(momentum=1.0), ValueError, "`momentum` must be"),
        (lambda: Momentum(dampening=1.0), ValueError, "`dampening` must be"),
        (lambda: Momentum(nesterov=True, dampening=0.5), ValueError, "needs `dampening=0`"),
        (lambda: LARS(momentum=-1.0), ValueError, "`momentum` must be"),
        (lambda: LARS(trust_coefficient=0.0), ValueError, "`trust_coefficient` must be"),
        (lambda: RAdam(beta1=0.9), ValueError, "beta1"),
        (lambda: Lookahead("adam", sync_period_steps=0), ValueError, "`sync_period_steps`"),
        (lambda: Lookahead("adam", slow_step_size=1.5), ValueError, "`slow_step_size`"),
        (lambda: Lookahead("adm"), ValueError, "adm"),
        (lambda: AdaptiveGradientClipping("sgd", 0.0), ValueError, "`clip_factor`"),
        (lambda: AdaptiveGradientClipping("sgd", epsilon=0.0), ValueError, "`epsilon`"),
        (
            lambda: AdaptiveGradientClipping("nadam"),
            ValueError,
            "`Nadam` and `Muon` do not",
        ),
        (lambda: AdaptiveGradientClipping(Lookahead("sgd")), ValueError, "around this one instead"),
        (lambda: LayerwiseLearningRates("sgd", {"a": -1}), ValueError, r"`multipliers\['a'\]`"),
        (lambda: StagewiseLearningRates("sgd", -0.1), ValueError, "`backbone_multiplier`"),
        (lambda: StagewiseLearningRates("sgd", depth_factor=0.0), ValueError, "`depth_factor`"),
        (lambda: LayerwiseLearningRates.by_depth("sgd", [], 0.0), ValueError, "`factor`"),
        (lambda: LayerwiseLearningRates.by_depth("sgd", [], 1.01), ValueError, "factor=1.01"),
        (lambda: StagewiseLearningRates("sgd", unfreeze_every_steps=-1), ValueError, "_every_ste"),
        (lambda: StagewiseLearningRates("sgd", depths=[0.5]), TypeError, "`depths` must be"),
        (
            lambda: GradientCentralization(keras.optimizers.LossScaleOptimizer(RAdam())),
            ValueError,
            "wrap the other way round",
        ),
    ],
)
def test_bad_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LayerwiseLearningRates("sgd", {"": 1.0, "haed": 1.0}), "Did you mean 'head'"),
        (lambda: LayerwiseLearningRates("sgd", {"head": 1.0}), "Not covered: conv1/kernel"),
        (lambda: LayerwiseLearningRates("sgd", [1.0]), "each of the 4 trainable weights"),
        (
            lambda: LayerwiseLearningRates("sgd", {"": 1.0, layers.Dense(1, name="other"): 1.0}),
            "'other', which has none",
        ),
        (lambda: AdaptiveGradientClipping("sgd", exclude=["haed"]), "Did you mean 'head'"),
    ],
)
def test_what_fits_no_weight_is_refused_when_the_optimizer_is_built(make, message):
    with pytest.raises(ValueError, match=message):
        make().build(model_with_a_backbone().trainable_variables)


def test_layers_are_saved_only_once_they_are_resolved():
    model = model_with_a_backbone()
    optimizer = LayerwiseLearningRates("sgd", dict.fromkeys(model.layers[1:], 1.0))
    with pytest.raises(ValueError, match="call `optimizer.build"):
        optimizer.get_config()
    optimizer.build(model.trainable_variables)
    assert optimizer.get_config()["multipliers"] == [1.0] * 4


def test_an_unbuilt_model_has_no_backbone_to_find():
    model = keras.Sequential([layers.Dense(2)])
    with pytest.raises(ValueError, match="`model` must be built"):
        LayerwiseLearningRates.for_backbone("sgd", model, model.layers[0])


def test_wrappers_nest():
    optimizer = Lookahead(GradientCentralization(DecayKernelsOnly(keras.optimizers.AdamW(0.1))))
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert copy.get_config() == optimizer.get_config()
    w = keras.Variable([[1.0], [2.0]], name="kernel")
    copy.apply([ops.array([[1.0], [-1.0]])], [w])
    assert len(copy.variables) == len({id(v) for v in copy.variables})


def test_a_wrapper_answers_for_the_optimizer_inside():
    inner = keras.optimizers.SGD(0.5, weight_decay=0.25, clipnorm=2.0)
    wrapper = Lookahead(inner)
    assert (wrapper.weight_decay, wrapper.clipnorm, wrapper.clipvalue) == (0.25, 2.0, None)
    wrapper.weight_decay = 0.125
    assert inner.weight_decay == 0.125
    copy = Lookahead.from_config(wrapper.get_config())
    assert (copy.weight_decay, copy.optimizer.clipnorm) == (0.125, 2.0)


def test_a_wrapper_answers_for_averages_and_accumulation_and_makes_neither_twice():
    options = {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3}
    inner = keras.optimizers.SGD(0.5, gradient_accumulation_steps=2, **options)
    wrapper = GradientCentralization(Lookahead(inner))
    weight = keras.Variable([[1.0, 2.0]], name="kernel")
    wrapper.build([weight])
    assert {name: getattr(wrapper, name) for name in options} == options
    assert wrapper.gradient_accumulation_steps == batches_of_update(wrapper) == 2
    names = [variable.name for variable in wrapper.variables]
    for name in ("kernel_average", "kernel_gradient_accumulator", "kernel_slow"):
        assert names.count(name) == 1, names
    plain = Lookahead("sgd")
    assert not plain.use_ema
    assert batches_of_update(plain) == 1


@pytest.mark.parametrize("make", [Lookahead, lambda inner: LossScaleOptimizer(Lookahead(inner))])
def test_a_wrapper_lets_keras_swap_in_the_averages_of_the_optimizer_inside(make):
    x, y = np.ones((4, 1), "float32"), np.zeros((4, 1), "float32")

    def trained(make, **options):
        model = keras.Sequential([keras.Input((1,)), layers.Dense(1, "relu", False, "ones")])
        model.compile(make(keras.optimizers.SGD(0.1, ema_momentum=0.5, **options)), "mse")
        swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
        logs = model.fit(x, y, epochs=2, validation_data=(x, y), verbose=0, callbacks=[swap])
        return logs.history["val_loss"], model.get_weights()

    losses, weights = trained(make, use_ema=True)
    expected_losses, expected = trained(lambda inner: inner, use_ema=True)
    # Within the first five steps, `Lookahead` changes nothing.
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-6)
    np.testing.assert_allclose(weights, expected, rtol=1e-6)
    with pytest.raises(ValueError, match="Received: use_ema=(False|None)"):
        trained(make)


@pytest.mark.parametrize(
    "make", [Lookahead, GradientCentralization, DecayKernelsOnly, AdaptiveGradientClipping]
)
def test_apply_gradients_returns_the_number_of_updates(make):
    optimizer, weight = make("sgd"), keras.Variable([[1.0, 2.0]], name="kernel")
    for count in (1, 2):
        iterations = optimizer.apply_gradients([(ops.ones((1, 2)), weight)])
        assert int(ops.convert_to_numpy(iterations)) == count
