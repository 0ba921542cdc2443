import subprocess
import sys

import keras
import numpy as np
import pytest

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
    from kerasrecipes.layers import RandomPadCrop

    inputs = keras.Input((8, 8, 1))
    path = tmp_path / "model.keras"
    keras.Model(inputs, RandomPadCrop(padding_pixels=1)(inputs)).save(path)
    with pytest.raises(ValueError, match="Keras alone cannot load: kerasrecipes>RandomPadCrop"):
        module._check_keras_alone(path)


def test_missing_packages_name_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"needs tf2onnx and onnx: .*kerasrecipes\[export\]"):
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
