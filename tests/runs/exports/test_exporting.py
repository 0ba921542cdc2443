import importlib.util
import json
import shutil
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from scipy.special import expit, softmax

from kerasrecipes.layers import RandomPadCrop
from kerasrecipes.metrics.calibration import fit_temperature
from kerasrecipes.runs import read_metadata
from kerasrecipes.runs.exports import exporting as module
from kerasrecipes.runs.exports.export_checks import check_keras_alone
from kerasrecipes.runs.exports.exported_predictions import images_of
from kerasrecipes.runs.exports.exporting import default_output, export
from kerasrecipes.training.run import Run
from tests.digits_run import digits_run

BACKEND = keras.backend.backend()
NAMES = {"savedmodel": "model", "onnx": "model.onnx", "keras": "model.keras"}
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1)).astype("float32")


@pytest.fixture
def logits():
    return digits_run().load_model().predict(PIXELS, verbose=0)


def needs(format, *, apart=False):
    """Skips where a format is not written: `apart` says that PyTorch may be started for it."""
    if format == "savedmodel" and BACKEND == "torch":
        pytest.skip("Keras exports no SavedModel with PyTorch")
    if format == "savedmodel":
        pytest.importorskip("tensorflow")
    if format == "onnx":
        converter = {"tensorflow": "tf2onnx", "torch": "torch", "jax": "jax2onnx"}[BACKEND]
        for name in ("onnx", "onnxruntime", "torch" if apart else converter):
            pytest.importorskip(name)


def outputs_of(format, path, pixels=PIXELS):
    """Returns what an exported file gives."""
    if format == "savedmodel":
        import tensorflow

        loaded = tensorflow.saved_model.load(path)
        return loaded.serve(pixels).numpy()
    if format == "onnx":
        import onnxruntime

        return onnxruntime.InferenceSession(path).run(None, {"pixels": pixels})[0]
    return keras.saving.load_model(path).predict(pixels, verbose=0)


@pytest.mark.parametrize("format", ["savedmodel", "onnx"])
def test_a_file_gives_the_models_logits(tmp_path, logits, format):
    # JAX has no converter to ONNX among our packages, so PyTorch is started.
    needs(format, apart=BACKEND == "jax")
    path = export(digits_run(), format, tmp_path / NAMES[format])
    np.testing.assert_allclose(outputs_of(format, path), logits, rtol=1e-5, atol=1e-5)
    assert [one.name for one in tmp_path.iterdir()] == [NAMES[format]]


def test_onnx_of_a_run_in_half_precision_computes_in_float32(tmp_path):
    needs("onnx")
    run = digits_run(precision="mixed_bfloat16")
    found = outputs_of("onnx", export(run, "onnx", tmp_path / "model.onnx"))
    model = run.load_model()
    float32 = digits_run().load_model()
    float32.set_weights(model.get_weights())
    np.testing.assert_allclose(found, float32.predict(PIXELS, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("format", NAMES)
def test_probabilities_and_metadata_are_in_the_file(tmp_path, logits, format):
    needs(format)
    path = export(digits_run(), format, tmp_path / NAMES[format], probabilities=True)
    np.testing.assert_allclose(outputs_of(format, path), softmax(logits, -1), rtol=1e-4, atol=1e-6)
    expected = {
        "class_names": list("0123456789"),
        "image_shape": [8, 8, 1],
        "channels": "grey",
        "value_range": [0, 255],
        "resize": None,
        "output": "probabilities",
        "temperature": None,
        "compared_on": "16 images of the validation split",
        "run": digits_run().name,
    }
    assert read_metadata(path) == expected
    assert without_us(format, path) == expected


def without_us(format, path):
    """Returns the metadata as docs/guides/trained-runs.md reads it."""
    if format == "onnx":
        import onnxruntime

        found = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
        return {key: json.loads(value) for key, value in found.items()}
    if format == "savedmodel":
        return json.loads((path / "assets.extra" / "metadata.json").read_text())
    with zipfile.ZipFile(path) as file:
        found = json.loads(file.read("metadata.json"))
    assert found.pop("keras_version") == keras.__version__
    del found["date_saved"]
    return found


def test_a_temperature_goes_into_the_file(tmp_path, logits):
    path = export(digits_run(), "keras", tmp_path / "two.keras", temperature=2.0)
    np.testing.assert_allclose(outputs_of("keras", path), logits / 2, rtol=1e-5, atol=1e-5)
    assert read_metadata(path)["temperature"] == 2.0
    stored = digits_run().predictions
    fitted = fit_temperature(stored["validation_labels"], stored["validation_probabilities"])
    path = export(digits_run(), "keras", tmp_path / "fitted.keras", True, "fitted")
    np.testing.assert_allclose(
        outputs_of("keras", path), softmax(logits / fitted.value, -1), rtol=1e-4, atol=1e-6
    )
    with pytest.raises(ValueError, match="`temperature` must be one of 'fitted'"):
        export(digits_run(), "keras", tmp_path / "no.keras", temperature="best")
    with pytest.raises(ValueError, match="`temperature` must be a number greater than 0"):
        export(digits_run(), "keras", tmp_path / "no.keras", temperature=0)
    assert not (tmp_path / "no.keras").exists()


def test_logits_are_called_logits_and_a_copy_is_the_runs_own_model(tmp_path):
    path = export(digits_run(), "keras", tmp_path / "model.keras")
    assert read_metadata(path)["output"] == "logits"
    with zipfile.ZipFile(path) as ours, zipfile.ZipFile(digits_run().folder / "model.keras") as its:
        names = {*ours.namelist()} - {"metadata.json"}
        assert {name: ours.read(name) for name in names} == {name: its.read(name) for name in names}
        assert sorted(ours.namelist()) == sorted(its.namelist())


@pytest.mark.parametrize("name", ["nothing.onnx", "other.keras", "folder"])
def test_metadata_of_other_files_is_refused(tmp_path, name):
    if name == "nothing.onnx":
        pytest.importorskip("onnx")
    elif name == "folder":
        (tmp_path / name).mkdir()
    else:
        inputs = keras.Input((2,))
        keras.Model(inputs, keras.layers.Dense(1)(inputs)).save(tmp_path / name)
    with pytest.raises(
        ValueError, match=r"Expected a file that `export` wrote. Received: .*" + name
    ):
        read_metadata(tmp_path / name)


@pytest.mark.parametrize("last", ["one logit", "softmax"])
def test_an_output_gets_what_it_lacks(tmp_path, random_run, last):
    inputs = keras.Input((8, 8, 1), name="pixels")
    flat = keras.layers.Rescaling(1 / 255)(keras.layers.Flatten()(inputs))
    activation = "softmax" if last == "softmax" else None
    model = keras.Model(inputs, keras.layers.Dense(10 if activation else 1, activation)(flat))
    run = random_run(model)
    model.save(run.folder / "model.keras")
    given = model.predict(PIXELS, verbose=0)
    expected = given if activation else expit(given)
    path = export(run, "keras", tmp_path / "model.keras", probabilities=True)
    np.testing.assert_allclose(outputs_of("keras", path), expected, rtol=1e-5)
    plain = export(run, "keras", tmp_path / "plain.keras")
    assert read_metadata(plain)["output"] == ("probabilities" if activation else "logits")


def test_files_are_compared_on_the_nearest_to_validation_images(monkeypatch):
    run = digits_run()
    dataset = run.recipe.data.build("data").load()
    validation = dataset.validation.images
    images, description = images_of(run)
    assert description == "16 images of the validation split"
    assert images.dtype == "float32"
    np.testing.assert_array_equal(images[[0, -1]], validation[[0, -1]])
    monkeypatch.setitem(run.data, "hash", "another")
    images, description = images_of(run)
    kept = run.examples["mistakes"]
    assert description == f"{len(kept)} images that the run kept: its data is not at hand"
    np.testing.assert_array_equal(images, kept)
    monkeypatch.setitem(run.__dict__, "examples", {})
    images, description = images_of(run)
    assert description == "16 images of noise: the run's data is not at hand"
    assert images.shape == (16, 8, 8, 1)
    assert 0 <= images.min() < 1
    assert 254 < images.max() <= 255


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
def random_run(monkeypatch, tmp_path_factory):
    """Returns a function that makes a run of another model, in a folder of its own."""

    def make(model):
        run = Run(shutil.copytree(digits_run().folder, tmp_path_factory.mktemp("run") / "run"))
        monkeypatch.setattr(type(run), "load_model", lambda self, compile=True: model)
        return run

    return make


@pytest.mark.parametrize("format", ["savedmodel", "onnx"])
def test_a_model_with_random_layers_is_exported_in_inference_mode(tmp_path, random_run, format):
    model = with_random_layers((8, 8, 1), 10)
    expected = model.predict(PIXELS, verbose=0)
    needs(format)
    found = outputs_of(format, export(random_run(model), format, tmp_path / NAMES[format]))
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
    tmp_path, random_run, normalizing_model, monkeypatch
):
    needs("onnx")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "torch" else find(name)
    )
    with pytest.raises(ValueError, match="3 inputs.*where the model has one") as caught:
        export(random_run(normalizing_model), "onnx", tmp_path / "model.onnx")
    assert "export it as savedmodel or keras, or install torch" in str(caught.value)
    assert not [*tmp_path.iterdir()]


def test_pytorch_exports_what_tf2onnx_cannot(tmp_path, random_run, normalizing_model, monkeypatch):
    needs("onnx", apart=True)
    expected = normalizing_model.predict(PIXELS, verbose=0)
    # What lies beside somebody else's run is not imported by the other process.
    (tmp_path / "keras.py").write_text("open('was-run', 'w')")
    monkeypatch.chdir(tmp_path)
    path = export(random_run(normalizing_model), "onnx", tmp_path / "model.onnx")
    assert not (tmp_path / "was-run").exists()
    np.testing.assert_allclose(outputs_of("onnx", path), expected, rtol=1e-4, atol=1e-5)


def test_pytorchs_newer_exporter_does_what_the_older_one_cannot(tmp_path, random_run):
    """ConvNeXt's layer normalization, whose axis has a size that is computed."""
    if BACKEND != "torch":
        pytest.skip("needs PyTorch as the backend")
    needs("onnx")
    pytest.importorskip("onnxscript")
    inputs = keras.Input((8, 8, 1), name="pixels")
    x = keras.layers.LayerNormalization(epsilon=1e-6)(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(10)(x))
    path = export(random_run(model), "onnx", tmp_path / "model.onnx")
    expected = model.predict(PIXELS, verbose=0)
    np.testing.assert_allclose(outputs_of("onnx", path), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("format", "name"), [("savedmodel", "model"), ("keras", "model.keras")])
def test_a_file_that_predicts_otherwise_is_refused(tmp_path, monkeypatch, format, name):
    needs(format)
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
        check_keras_alone(path)


def test_missing_packages_name_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for backend, needed in {"tensorflow": "tf2onnx", "torch": "torch", "jax": "jax2onnx"}.items():
        monkeypatch.setattr("keras.backend.backend", lambda backend=backend: backend)
        needs = rf"needs {needed} and onnx and onnxruntime: .*kerasrecipes\[export\]"
        with pytest.raises(ImportError, match=needs):
            export(digits_run(), "onnx", tmp_path / "model.onnx")
    monkeypatch.setattr("keras.backend.backend", lambda: "torch")
    with pytest.raises(ImportError, match="does not work on torch: set KERAS_BACKEND"):
        export(digits_run(), "savedmodel", tmp_path / "model")
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(ImportError, match="on jax needs tensorflow: `pip install tensorflow`"):
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


def test_a_damaged_model_is_named(tmp_path):
    run = Run(shutil.copytree(digits_run().folder, tmp_path / "run"))
    (run.folder / "model.keras").write_bytes(b"PK damaged")
    with pytest.raises(ValueError, match="model.keras cannot be read"):
        export(run, "keras", tmp_path / "out.keras")
