"""Checks of what `make dist` has built: contents, metadata, and the demo in an empty environment.

python .ci/check_dist.py dist
python .ci/check_dist.py dist --contents-only
"""

import argparse
import email
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from email.message import Message
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEMO = "kerasrecipes/cli/demo_recipe/train_from_scratch.py"
# By these the package does its work beside its code; a pattern in setup.cfg may have missed them.
NEEDED = (
    "kerasrecipes/models/backbones/trained/resnet20_cifar10/model.keras",
    "kerasrecipes/page/style.css",
    "kerasrecipes/py.typed",
    "kerasrecipes/report/run/run.html.jinja",
    DEMO,
)
# The demo's score is 99%; a network that has not learnt has 10%.
LEAST_ACCURACY_PERCENT = 95.0


def main() -> None:
    """Runs the checks, and ends with the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--contents-only", action="store_true", help="do not install the wheel")
    arguments = parser.parse_args()
    wheel, sdist = only(arguments.folder, "*.whl"), only(arguments.folder, "*.tar.gz")
    check_contents(wheel_files(wheel), sdist_files(sdist), package_files(ROOT))
    check_metadata(wheel_metadata(wheel), version_of(ROOT))
    print(f"{wheel.name}, {sdist.name}: contents and metadata are as they should be", flush=True)
    if not arguments.contents_only:
        print(f"{wheel.name}: {run_demo(wheel)}")


def only(folder: Path, pattern: str) -> Path:
    """Returns the one file of a folder that fits a pattern."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"Expected one {pattern} in {folder}, found {len(found)}.")
    return found[0]


def package_files(root: Path) -> set[str]:
    """Returns the files of the package, relative to the repository, but what Python compiled."""
    files = (path for path in (root / "kerasrecipes").rglob("*") if path.is_file())
    return {
        path.relative_to(root).as_posix() for path in files if "__pycache__" not in path.parts
    } - {DEMO}


def version_of(root: Path) -> str:
    """Returns the version that the package says it has."""
    text = (root / "kerasrecipes" / "__init__.py").read_text("utf-8")
    return re.search(r'^__version__ = "(.+)"$', text, re.M)[1]


def wheel_files(wheel: Path) -> set[str]:
    """Returns the files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def sdist_files(sdist: Path) -> set[str]:
    """Returns the files of an sdist, without the name of its folder."""
    with tarfile.open(sdist) as archive:
        return {member.name.partition("/")[2] for member in archive if member.isfile()}


def wheel_metadata(wheel: Path) -> tuple[Message, str]:
    """Returns the metadata of a wheel and its entry points."""
    with zipfile.ZipFile(wheel) as archive:
        folder = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(folder))
        return metadata, archive.read(folder.replace("METADATA", "entry_points.txt")).decode()


def check_contents(wheel: set[str], sdist: set[str], package: set[str]) -> None:
    """Fails unless wheel and sdist have the whole package, and nothing that is not theirs."""
    ours = {name for name in wheel if ".dist-info/" not in name}
    differing = ours ^ (package | {DEMO})
    _check(not differing, f"the wheel's files are not the package's: {sorted(differing)}")
    missing = {*NEEDED} - wheel
    _check(not missing, f"the wheel lacks {sorted(missing)}")
    lacking = (package | {"recipes/train_from_scratch.py", "setup.py", "LICENSE"}) - sdist
    _check(not lacking, f"the sdist lacks {sorted(lacking)}")
    strange = {name for name in sdist if name.startswith(("tests/", "docs/", "saved_models/"))}
    _check(not strange, f"the sdist has {sorted(strange)[:5]}")


def check_metadata(metadata: tuple[Message, str], version: str) -> None:
    """Fails unless a wheel says what it is and what it needs."""
    fields, entry_points = metadata
    _check(fields["Name"] == "kerasrecipes", f"the name is {fields['Name']}")
    _check(fields["Version"] == version, f"the version is {fields['Version']}, not {version}")
    _check(fields["Requires-Python"] == "<3.14,>=3.11", fields["Requires-Python"])
    _check(fields["License-Expression"] == "Apache-2.0", "the licence is missing")
    _check(fields["Description-Content-Type"] == "text/markdown", "the description's type")
    _check("kerasrecipes = kerasrecipes.cli:console" in entry_points, "the command is missing")
    always = [n for n in fields.get_all("Requires-Dist", []) if "extra ==" not in n]
    for name in ("keras", "tensorflow", "jinja2"):
        _check(any(re.match(rf"{name}\b(?!-)", n) for n in always), f"{name} does not come along")
    for extra in ("jax", "torch"):
        _check(extra in fields.get_all("Provides-Extra", []), f"there is no extra {extra}")


def run_demo(wheel: Path) -> str:
    """Runs the demo from a wheel in an empty environment, and returns the line with its score."""
    with tempfile.TemporaryDirectory() as folder:
        environment, work = Path(folder, "environment"), Path(folder, "work")
        venv.create(environment, with_pip=True)
        work.mkdir()
        binaries = environment / ("Scripts" if os.name == "nt" else "bin")
        install = [
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "-q",
            "--no-compile",
            "-c",
        ]
        constraints = str(ROOT / "constraints.txt")
        _run([binaries / "python", *install, constraints, str(wheel.resolve())], work)
        version = _run([binaries / "kerasrecipes", "--version"], work)
        _check(version.split()[1] in wheel.name, f"{version} is not of {wheel.name}")
        output = _run([binaries / "kerasrecipes", "demo"], work)
        reports = list(work.glob("saved_models/*/report.html"))
        _check(len(reports) == 1, f"the demo has written {len(reports)} reports")
        score = re.search(r"^test accuracy ([\d.]+)%.*$", output, re.M)
        _check(score is not None, f"the demo has printed no score: {output[-500:]}")
        _check(float(score[1]) >= LEAST_ACCURACY_PERCENT, score[0])
        _check(str(environment.resolve()) in output, "the demo's recipe is not the wheel's")
        return score[0]


def _run(command: list, folder: Path) -> str:
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "KERAS_BACKEND")}
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True)
    _check(done.returncode == 0, f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def _check(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"error: {what}")


if __name__ == "__main__":
    main()
