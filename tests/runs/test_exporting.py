import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasrecipes.layers import RandomPadCrop
from kerasrecipes.runs import exporting as module
from kerasrecipes.runs.exporting import default_output, export
from tests.digits_run import digits_run

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1)).astype("float32")


@pytest.fixture
def logits():
    return digits_run().load_model().predict(PIXELS, verbose=0)


def test_a_saved_model_gives_the_models_logits(tmp_path, logits):
    tensorflow = pytest.importorskip("tensorflow")
    loaded = tensorflow.saved_model.load(export(digits_run(), "savedmodel", tmp_path / "model"))
    np.testing.assert_allclose(loaded.serve(PIXELS).numpy(), logits, rtol=1e-5, atol=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def onnx_logits(path):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(path)
    return session.run(None, {"pixels": PIXELS})[0]


def test_onnx_gives_the_models_logits(tmp_path, logits):
    pytest.importorskip("tf2onnx")
    path = export(digits_run(), "onnx", tmp_path / "model.onnx")
    np.testing.assert_allclose(onnx_logits(path), logits, rtol=1e-5, atol=1e-5)


def test_onnx_of_a_run_in_half_precision_computes_in_float32(tmp_path):
    pytest.importorskip("tf2onnx")
    run = digits_run(precision="mixed_bfloat16")
    found = onnx_logits(export(run, "onnx", tmp_path / "model.onnx"))
    model = run.load_model()
    float32 = digits_run().load_model()
    float32.set_weights(model.get_weights())
    np.testing.assert_allclose(found, float32.predict(PIXELS, verbose=0), rtol=1e-4, atol=1e-5)


def with_random_layers(input_shape, classes):
    """Returns a model whose layers, its own and those of a model in it, are random by default."""
    augment = keras.Sequential(
        [keras.Input(input_shape), keras.layers.RandomFlip(seed=0), RandomPadCrop(2)]
    )
    inputs = keras.Input(input_shape, name="pixels")
    x = keras.layers.RandomTranslation(0.4, 0.4, seed=1)(augment(inputs))
    x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(x))
    return keras.Model(inputs, keras.layers.Dense(classes)(x))


@pytest.fixture
def random_run(monkeypatch):
    """Returns a function that makes a run of a model with given outputs for pixels."""

    def make(model):
        run = digits_run()
        monkeypatch.setattr(type(run), "load_model", lambda self: model)
        return run

    return make


@pytest.mark.parametrize("format", ["savedmodel", "onnx"])
def test_a_model_with_random_layers_is_exported_in_inference_mode(tmp_path, random_run, format):
    model = with_random_layers((8, 8, 1), 10)
    expected = model.predict(PIXELS, verbose=0)
    output = tmp_path / {"savedmodel": "model", "onnx": "model.onnx"}[format]
    if format == "onnx":
        pytest.importorskip("tf2onnx")
        found = onnx_logits(export(random_run(model), format, output))
    else:
        tensorflow = pytest.importorskip("tensorflow")
        loaded = tensorflow.saved_model.load(export(random_run(model), format, output))
        found = loaded.serve(PIXELS).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)


@pytest.fixture
def normalizing_model():
    """A model with Keras's normalization, which becomes three inputs in tf2onnx's file."""
    normalization = keras.layers.Normalization()
    normalization.adapt(PIXELS)
    inputs = keras.Input((8, 8, 1), name="pixels")
    flat = keras.layers.Flatten()(normalization(inputs))
    return keras.Model(inputs, keras.layers.Dense(10)(flat))


@pytest.mark.tensorflow_only
def test_what_a_file_does_not_give_is_refused_and_nothing_is_left(
    tmp_path, random_run, normalizing_model
):
    pytest.importorskip("tf2onnx")
    with pytest.raises(ValueError, match="3 inputs.*where the model has one") as caught:
        export(random_run(normalizing_model), "onnx", tmp_path / "model.onnx")
    assert "export it as savedmodel or keras, or with KERAS_BACKEND=torch" in str(caught.value)
    assert not [*tmp_path.iterdir()]


def test_pytorch_exports_what_tf2onnx_cannot(tmp_path, random_run, normalizing_model):
    if keras.backend.backend() != "torch":
        pytest.skip("needs PyTorch as the backend")
    for name in ("onnx", "onnxscript"):
        pytest.importorskip(name)
    expected = normalizing_model.predict(PIXELS, verbose=0)
    found = onnx_logits(export(random_run(normalizing_model), "onnx", tmp_path / "model.onnx"))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("format", "name"), [("savedmodel", "model"), ("keras", "model.keras")])
def test_a_file_that_predicts_otherwise_is_refused(tmp_path, monkeypatch, format, name):
    if format == "savedmodel":
        pytest.importorskip("tensorflow")
    other = lambda model, images: np.full((len(images), 10), 7.0)  # noqa: E731
    monkeypatch.setattr(module, "predictions", other)
    with pytest.raises(
        ValueError, match=f"in format '{format}' what `predict` gives, and does not"
    ):
        export(digits_run(), format, tmp_path / name)
    assert not [*tmp_path.iterdir()]


def test_a_keras_file_needs_keras_alone(tmp_path, logits):
    path = export(digits_run(), "keras", tmp_path / "model.keras")
    np.save(tmp_path / "pixels.npy", PIXELS)
    program = (
        "import keras, numpy, sys; m = keras.saving.load_model(sys.argv[1] + '/model.keras');"
        "x = numpy.load(sys.argv[1] + '/pixels.npy');"
        "numpy.save(sys.argv[1] + '/logits.npy', m.predict(x, verbose=0));"
        "assert 'kerasrecipes' not in sys.modules"
    )
    subprocess.run([sys.executable, "-I", "-c", program, str(path.parent)], check=True)
    np.testing.assert_allclose(np.load(tmp_path / "logits.npy"), logits, rtol=1e-5, atol=1e-6)


def test_a_keras_file_with_parts_of_ours_is_refused(tmp_path):
    inputs = keras.Input((8, 8, 1))
    path = tmp_path / "model.keras"
    keras.Model(inputs, RandomPadCrop(padding_pixels=1)(inputs)).save(path)
    with pytest.raises(ValueError, match="Keras alone cannot load: kerasrecipes>RandomPadCrop"):
        module._check_keras_alone(path)


def test_missing_packages_name_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        ImportError, match=r"needs tf2onnx and onnx and onnxruntime: .*kerasrecipes\[export\]"
    ):
        export(digits_run(), "onnx", tmp_path / "model.onnx")
    monkeypatch.setattr("keras.backend.backend", lambda: "torch")
    with pytest.raises(ImportError, match="does not work on torch: set KERAS_BACKEND"):
        export(digits_run(), "savedmodel", tmp_path / "model")


@pytest.mark.parametrize(
    ("format", "output", "message"),
    [
        ("keras", "model.h5", "must end in '.keras'"),
        (
            "keras",
            "nowhere/model.keras",
            "must be in an existing folder. Received: output='.*nowhere",
        ),
        ("keras", "there.keras", "must not exist yet"),
        ("tflite", "model", "`format` must be one of 'savedmodel', 'onnx', 'keras'"),
    ],
)
def test_outputs_that_cannot_be_written(tmp_path, format, output, message):
    (tmp_path / "there.keras").touch()
    with pytest.raises(ValueError, match=message):
        export(digits_run(), format, tmp_path / output)


def test_an_export_is_named_like_its_run():
    run = digits_run()
    assert str(default_output(run, "savedmodel")) == run.name
    assert str(default_output(run, "onnx")) == f"{run.name}.onnx"
