"""The command `export`: a run's model for use elsewhere."""

import argparse

from kerasrecipes.cli.arguments import finished_run
from kerasrecipes.cli.command import Command


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        required=True,
        choices=("savedmodel", "onnx", "keras"),
        help="savedmodel: a folder for TensorFlow; onnx: a file for ONNX Runtime; keras: a file "
        "that Keras loads without kerasrecipes",
    )
    parser.add_argument(
        "--output",
        metavar="PATH",
        help="what to write (default: named like the run, in the current directory)",
    )
    parser.add_argument(
        "--probabilities",
        action="store_true",
        help="give probabilities instead of logits: a softmax is added, or a sigmoid to one logit",
    )
    parser.add_argument(
        "--temperature",
        type=_number_or_fitted,
        metavar="T",
        help="divide the logits by a number, or by the one that is fitted to the run's validation "
        "images: fitted",
    )


def _number_or_fitted(text: str) -> float | str:
    return text if text == "fitted" else float(text)


def _export(arguments: argparse.Namespace) -> None:
    """Writes the model, and prints what goes into it and comes out."""
    from kerasrecipes.base.text import listed, printable
    from kerasrecipes.runs.exports.exported_metadata import read_metadata
    from kerasrecipes.runs.exports.exporting import default_output, export

    run = finished_run(arguments.run)
    output = arguments.output or default_output(run, arguments.format)
    path = export(run, arguments.format, output, arguments.probabilities, arguments.temperature)
    metadata = read_metadata(path)
    low, high = metadata["value_range"]
    *size, channels = metadata["image_shape"]
    shape = ", ".join(map(str, [*size, channels]))
    order = metadata["channels"] or f"{channels} channels"
    names = metadata["class_names"]
    print(path)
    print(f"takes float32 pixels from {low} to {high}, {order}, of shape (batch, {shape})")
    print(f"the run's images were resized by: {metadata['resize'] or 'nothing'}")
    print(f"gives {metadata['output']} of shape (batch, {len(names)})")
    if metadata["temperature"] is not None:
        print(f"logits are divided by the temperature {metadata['temperature']:.4g}")
    print(f"classes: {listed(map(printable, names))}")
    print(f"equals the model's predictions on {metadata['compared_on']}")
    print("All of this is in the file; `kerasrecipes.runs.read_metadata` reads it.")


COMMAND = Command(
    name="export",
    help="write a run's model for TensorFlow, ONNX Runtime or Keras alone",
    takes="run",
    add_arguments=_add_arguments,
    run=_export,
)
