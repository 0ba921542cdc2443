"""Fine-tuning by recipes: which weights move, by how much, and when."""

import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

from kerasrecipes.models.surgery.graph import inner_network
from kerasrecipes.models.surgery.network_stages import head, stages
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.runs.exports.exporting import export
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.training import train

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1], examples_per_class=16),
    model=use("ResNetCIFAR", depth=8, filters=2),
    optimizer=use(
        "StagewiseLearningRates",
        optimizer=use("SGD", learning_rate=0.1),
        depth_factor=0.5,
        unfreeze_every_epochs=2,
    ),
    epochs=4,
    batch_size=16,
)
# What reads an export where this package is not installed: it is asked not to import it.
READERS = {
    "savedmodel": """
        import sys, numpy, tensorflow
        pixels = numpy.load(sys.argv[2] + "/pixels.npy")
        model = tensorflow.saved_model.load(sys.argv[1])
        numpy.save(sys.argv[2] + "/logits.npy", model.serve(pixels).numpy())
        assert "kerasrecipes" not in sys.modules
    """,
    "onnx": """
        import sys, numpy, onnxruntime
        pixels = numpy.load(sys.argv[2] + "/pixels.npy")
        session = onnxruntime.InferenceSession(sys.argv[1])
        numpy.save(sys.argv[2] + "/logits.npy", session.run(None, {"pixels": pixels})[0])
        assert "kerasrecipes" not in sys.modules
    """,
    "keras": """
        import sys, keras, numpy
        pixels = numpy.load(sys.argv[2] + "/pixels.npy")
        logits = keras.saving.load_model(sys.argv[1]).predict(pixels, verbose=0)
        numpy.save(sys.argv[2] + "/logits.npy", logits)
        assert "kerasrecipes" not in sys.modules
    """,
}


def built(**changes):
    recipe = RECIPE.replace({path.replace("__", "."): value for path, value in changes.items()})
    return build_recipe(recipe, recipe.data.build("data").load())


def test_a_recipe_settles_the_stages_from_its_model():
    preparation = built()
    model = preparation.model
    depth_of = {
        weight.path: depth
        for depth, layers in enumerate(reversed([*stages(model).values(), head(model)]))
        for layer in layers
        for weight in layer.weights
    }
    assert sorted(set(depth_of.values())) == [0, 1, 2, 3, 4]
    optimizer = model.optimizer
    assert optimizer.depths == [depth_of[v.path] for v in model.trainable_variables]
    by_depth = dict(zip(optimizer.depths, optimizer.multipliers, strict=True))
    assert by_depth == {0: 1.0, 1: 0.1, 2: 0.05, 3: 0.025, 4: 0.0125}
    assert optimizer.unfreeze_every_steps == 2 * preparation.length.steps_per_epoch


def test_stages_are_assigned_inside_a_wrapper_too():
    inner = RECIPE.to_dict()["optimizer"]
    model = built(optimizer={"use": "Lookahead", "optimizer": inner}).model
    assert max(model.optimizer.optimizer.depths) == 4


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_stages_train_when_their_turn_has_come(precision):
    preparation = built(precision=precision)
    model = preparation.model
    split = preparation.dataset.train
    images, labels = split.read(np.arange(16)), split.labels[:16]
    per_epoch = preparation.length.steps_per_epoch
    names = ["stem", "stage1", "stage2", "stage3", "head"]
    layers = dict(zip(names, [*stages(model).values(), head(model)], strict=True))

    def values(name):
        return np.concatenate(
            [
                keras.ops.convert_to_numpy(v).ravel()
                for layer in layers[name]
                for v in layer.trainable_weights
            ]
        )

    start = {name: values(name) for name in names}
    for turn, name in enumerate(reversed(names)):
        for step in range(2 * per_epoch):
            model.train_on_batch(images, labels)
            if step == 0:
                frozen = names[: len(names) - 1 - turn]
                assert [n for n in names if np.array_equal(values(n), start[n])] == frozen, name


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A network trained on two digits, to be transferred to others."""
    return train(
        RECIPE.replace({"optimizer": use("Adam"), "epochs": 1}),
        directory=tmp_path_factory.mktemp("source"),
        verbose=0,
    )


@pytest.fixture(scope="module")
def features(source):
    """The run of a new last layer, which fine-tuning starts from."""
    recipe = fine_tuning(source).start_recipe()
    return train(recipe, directory=source.folder.parent, verbose=0)


def fine_tuning(source, **changes):
    recipe = RECIPE.replace(
        {
            "data.classes": [2, 3],
            "preprocessing": [],
            "model": use("Pretrained", backbone=str(source.folder), trainable_stages=2),
            "monitor": None,
            "start": {
                "model.trainable_stages": 0,
                "optimizer": use("Adam", learning_rate=0.01),
                "epochs": 2,
            },
        }
    )
    return recipe.replace({path.replace("__", "."): value for path, value in changes.items()})


def weights_by_layer(run):
    network = inner_network(run.load_model())
    found = {layer.name: layer.get_weights() for layer in network.layers}
    return {name: weights for name, weights in found.items() if weights}


def changed_layers(run, other):
    """Returns the names of the layers any of whose weights or statistics are not equal."""
    before, after = weights_by_layer(run), weights_by_layer(other)
    assert before.keys() == after.keys()
    pairs = {name: zip(before[name], after[name], strict=True) for name in before}
    return {name for name, pair in pairs.items() if any((a != b).any() for a, b in pair)}


@pytest.mark.parametrize("cache_features", [pytest.param(False, marks=pytest.mark.slow), True])
def test_what_is_frozen_is_kept_to_the_last_bit_statistics_included(
    source, features, tmp_path, cache_features
):
    recipe = fine_tuning(source, start=str(features.folder), epochs=5)
    run = train(recipe, directory=tmp_path, cache_features=cache_features, verbose=0)
    assert changed_layers(source, features) == {"logits"}
    changed = changed_layers(features, run)
    assert {"logits", "stage3_block1_conv1", "stage2_block1_conv1"} <= changed
    assert all(name.startswith(("stage2", "stage3", "logits")) for name in changed)
    assert not any("norm" in name for name in changed)


def test_batch_normalization_moves_if_it_is_asked_to(source, features, tmp_path):
    recipe = fine_tuning(
        source,
        model__train_batch_normalization=True,
        optimizer=use("Adam"),
        start=str(features.folder),
        epochs=1,
    )
    run = train(recipe, directory=tmp_path, verbose=0)
    norms = {name for name in weights_by_layer(run) if "norm" in name}
    moved = changed_layers(features, run) & norms
    assert moved == {name for name in norms if name.startswith(("stage2", "stage3"))}
    before, after = weights_by_layer(features), weights_by_layer(run)
    for name in moved:
        assert all((a != b).any() for a, b in zip(before[name], after[name], strict=True)), name


@pytest.mark.slow
@pytest.mark.tensorflow_only
def test_gradual_unfreezing_goes_on_exactly_where_it_was_interrupted(source, features, tmp_path):
    recipe = fine_tuning(source, optimizer__optimizer=use("Adam"), start=str(features.folder))
    unbroken = train(recipe, directory=tmp_path / "unbroken", verbose=0)

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, directory=tmp_path / "broken", callbacks=[Interrupt()], verbose=0)
    resumed = train(recipe, directory=tmp_path / "broken", verbose=0)
    assert len(resumed.history) == 4
    assert changed_layers(unbroken, resumed) == set()


@pytest.fixture(scope="module")
def fine_tuned(source, features):
    """A run whose lower stages are frozen, and whose others trained at rates of their own."""
    recipe = fine_tuning(source, start=str(features.folder), epochs=1)
    return train(recipe, directory=source.folder.parent, verbose=0)


@pytest.mark.tensorflow_only
@pytest.mark.parametrize(
    "format", ["savedmodel", pytest.param("onnx", marks=pytest.mark.slow), "keras"]
)
def test_a_fine_tuned_model_exports(format, fine_tuned, tmp_path):
    if format == "onnx":
        pytest.importorskip("tf2onnx")
    path = export(
        fine_tuned, format, tmp_path / {"savedmodel": "model"}.get(format, f"model.{format}")
    )
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1)).astype("float32")
    np.save(tmp_path / "pixels.npy", pixels)
    done = subprocess.run(
        [sys.executable, "-I", "-c", textwrap.dedent(READERS[format]), str(path), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    logits = fine_tuned.load_model().predict(pixels, verbose=0)
    np.testing.assert_allclose(np.load(tmp_path / "logits.npy"), logits, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data__image_size": 12}, r"images must have the size.*\(12, 12, 1\)"),
        ({"data__classes": [3, 2]}, "classes must be those of the run to start from"),
        ({"data__classes": [2, 3, 4]}, "2 classes, 2, 3. .* Received: 3 classes, 2, 3, 4"),
        ({"preprocessing": [use("Resizing", height=9, width=9)]}, "`preprocessing` must be"),
        ({"model__stage": "stage2"}, "another architecture"),
        ({"model__trainable_stages": 9}, "at most 4, the number of stages"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(source, features, tmp_path, changes, message):
    recipe = fine_tuning(source, start=str(features.folder), **changes)
    with pytest.raises(ValueError, match=message):
        train(recipe, directory=tmp_path, verbose=0)
