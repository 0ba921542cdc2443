"""What `make dist` would find: in whole and in spoilt wheels."""

import email
import runpy
from pathlib import Path

import pytest

from kerasrecipes.cli.commands.demo import demo_script

ROOT = Path(__file__).parents[1]
CHECKS = runpy.run_path(str(ROOT / ".ci" / "check_dist.py"))
PACKAGE = CHECKS["package_files"](ROOT)
WHEEL = {*PACKAGE, CHECKS["DEMO"], "kerasrecipes-0.0.dist-info/METADATA"}
SDIST = {*PACKAGE, "recipes/train_from_scratch.py", "setup.py", "LICENSE", "README.md"}
METADATA = f"""\
Name: kerasrecipes
Version: {CHECKS["version_of"](ROOT)}
Requires-Python: <3.14,>=3.11
License-Expression: Apache-2.0
Description-Content-Type: text/markdown
Requires-Dist: jinja2>=3.1.4
Requires-Dist: keras<4,>=3.15
Requires-Dist: tensorflow<3,>=2.21
Requires-Dist: keras-tuner
Requires-Dist: jax>=0.10; extra == "jax"
Provides-Extra: jax
Provides-Extra: torch
"""
ENTRY_POINTS = "[console_scripts]\nkerasrecipes = kerasrecipes.cli:console\n"


def check_metadata(text, entry_points=ENTRY_POINTS):
    CHECKS["check_metadata"]((email.message_from_string(text), entry_points), _version())


def _version():
    return CHECKS["version_of"](ROOT)


def test_a_whole_wheel_passes():
    CHECKS["check_contents"](WHEEL, SDIST, PACKAGE)
    check_metadata(METADATA)


@pytest.mark.parametrize("name", CHECKS["NEEDED"])
def test_what_is_needed_is_of_the_package_and_missed_in_a_wheel(name):
    assert name in WHEEL
    with pytest.raises(SystemExit, match=name):
        CHECKS["check_contents"](WHEEL - {name}, SDIST, PACKAGE)
    # Where the package itself has lost it, too.
    with pytest.raises(SystemExit, match=name):
        CHECKS["check_contents"](WHEEL - {name}, SDIST, PACKAGE - {name})


@pytest.mark.parametrize("name", ["tests/test_package.py", "kerasrecipes/left_over.py"])
def test_what_does_not_belong_into_a_wheel(name):
    with pytest.raises(SystemExit, match=name):
        CHECKS["check_contents"](WHEEL | {name}, SDIST, PACKAGE)


def test_what_does_not_belong_into_an_sdist_and_what_it_needs_to_build():
    with pytest.raises(SystemExit, match=r"tests/test_package\.py"):
        CHECKS["check_contents"](WHEEL, SDIST | {"tests/test_package.py"}, PACKAGE)
    with pytest.raises(SystemExit, match=r"recipes/train_from_scratch\.py"):
        CHECKS["check_contents"](WHEEL, SDIST - {"recipes/train_from_scratch.py"}, PACKAGE)


@pytest.mark.parametrize("line", METADATA.splitlines())
def test_each_line_of_the_metadata_is_missed(line):
    if line.endswith(("keras-tuner", 'extra == "jax"')):
        # Neither of them stands for what comes along always.
        return
    with pytest.raises(SystemExit):
        check_metadata(METADATA.replace(f"{line}\n", ""))


def test_an_extra_is_not_what_comes_along_and_the_command_is_there():
    with pytest.raises(SystemExit, match="tensorflow does not come along"):
        check_metadata(METADATA.replace("tensorflow<3,>=2.21", 'tensorflow; extra == "tf"'))
    with pytest.raises(SystemExit, match="the command is missing"):
        check_metadata(METADATA, "[console_scripts]\n")


def test_the_demo_of_a_clone_is_the_script_in_recipes():
    assert demo_script().resolve() == ROOT / "recipes" / "train_from_scratch.py"
