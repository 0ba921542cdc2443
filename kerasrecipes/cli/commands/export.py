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


def _export(arguments: argparse.Namespace) -> None:
    """Writes the model, and prints what goes into it and comes out."""
    from kerasrecipes.runs.exporting import default_output, export

    run = finished_run(arguments.run)
    path = export(run, arguments.format, arguments.output or default_output(run, arguments.format))
    low, high = run.data["value_range"]
    shape = ", ".join(map(str, run.data["image_shape"]))
    names = run.data["class_names"]
    print(path)
    print(f"takes float32 pixels from {low} to {high}, of shape (batch, {shape})")
    print(f"gives logits of shape (batch, {len(names)}); the classes are in {run.folder}/data.json")


COMMAND = Command(
    name="export",
    help="write a run's model for TensorFlow, ONNX Runtime or Keras alone",
    takes="run",
    add_arguments=_add_arguments,
    run=_export,
)
