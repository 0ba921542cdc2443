"""Claims about the doctor; see docs/benchmarks/doctor.md.

    python benchmarks/doctor.py                    # Judges the recordings: a minute.
    python benchmarks/doctor.py record planted-scored [--images cifar10.npz]

"""

import argparse
import os
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command")
    record = commands.add_parser("record", help="trains, and records what the doctor sees")
    record.add_argument("part")
    record.add_argument("--images", type=Path, help="CIFAR-10 as an .npz file")
    arguments = parser.parse_args()
    if arguments.command == "record":
        backend = "tensorflow" if arguments.part.endswith("tensorflow") else "jax"
        os.environ["KERAS_BACKEND"] = backend
        # Most of the time of a small training is its compilation.
        os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from diagnosis.images import CIFAR10
        from diagnosis.parts import PARTS
        from diagnosis.recording import keep_compiled_steps, record_runs

        if arguments.images is not None:
            os.environ[CIFAR10] = str(arguments.images)
        folder = ROOT / "saved_models" / "doctor"
        keep_compiled_steps(folder / "compiled")
        record_runs(arguments.part, PARTS[arguments.part](), folder)


if __name__ == "__main__":
    main()
