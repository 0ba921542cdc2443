"""Export to ONNX by PyTorch, in a process of its own where Keras runs on another backend.

tf2onnx makes inputs of some variables, as those of `Normalization`, and files of `EfficientNetB0`
that cannot be loaded. PyTorch's two exporters do not: the older one, which Keras uses, and the
newer one, which needs onnxscript and can export `ConvNeXtTiny`.
"""

import contextlib
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import keras
import numpy as np

_ROOT = Path(__file__).parents[3]


def write_onnx(model: keras.Model, path: Path) -> None:
    """Writes a model of one input and one output as an ONNX file. The backend must be PyTorch.

    Args:
        model: The model, in inference mode.
        path: The file to write.
    """
    try:
        model.export(path, format="onnx", verbose=False)
    # The older exporter's errors share no class, and some of its messages fill screens.
    except Exception:
        if importlib.util.find_spec("onnxscript") is None:
            raise ImportError(
                "PyTorch's older exporter fails; its newer one needs onnxscript: `pip install "
                "'kerasrecipes[export]'`"
            ) from None
        _by_newer_exporter(model, path)


def write_onnx_apart(model: keras.Model, path: Path) -> None:
    """As `write_onnx`, in a process of its own, so that this process may have another backend.

    Raises:
        RuntimeError: If that process fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, "model.keras")
        model.save(saved)
        # Without `-P`, modules of the working directory would take the place of installed ones.
        program = [sys.executable, "-P", "-m", __name__, str(saved), str(path)]
        places = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        variables = {"KERAS_BACKEND": "torch", "PYTHONPATH": os.pathsep.join(places)}
        done = subprocess.run(
            program, env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise RuntimeError(lines[-1])


def _by_newer_exporter(model: keras.Model, path: Path) -> None:
    import torch

    class OneInput(torch.nn.Module):
        """The model with a named argument, which `dynamic_shapes` needs."""

        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, pixels):
            return self.model(pixels)

    # With a batch of one, its size would be taken for a constant.
    example = torch.zeros((2, *model.input_shape[1:]))
    program = torch.onnx.export(
        OneInput().eval(),
        (example,),
        dynamo=True,
        input_names=[model.inputs[0].name],
        dynamic_shapes={"pixels": {0: torch.export.Dim.DYNAMIC}},
        verbose=False,
    )
    program.save(path)


def main(saved: str, output: str) -> None:
    """Loads a .keras file and writes it as an ONNX file."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        model = keras.saving.load_model(saved, compile=False)
        # Keras exports a model only if it has been called.
        model(np.zeros((1, *model.input_shape[1:]), "float32"))
        write_onnx(model, Path(output))


if __name__ == "__main__":
    main(*sys.argv[1:])
