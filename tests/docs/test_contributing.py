"""CONTRIBUTING.md lists all places that a new optimizer, schedule or layer touches.

A copy of the repository gets a new class of each family at exactly these places: a copy of an
existing class by another name. It must be tested wherever the existing class is.
"""

import importlib
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Modules: of the package that exports a class, of its family's cases, and of its reference.
FAMILIES = {
    "UncorrectedAdam": ("kerasrecipes.optimizers", "tests.optimizers.cases", "optimizers"),
    "LinearDecay": ("kerasrecipes.schedules", "tests.schedules.cases", "schedules"),
    "Centering": ("kerasrecipes.layers", "tests.layers.cases", "preprocessing"),
}
TESTS = ("tests/optimizers", "tests/schedules", "tests/layers", "tests/docs/test_techniques.py")
# Tables of errors, defaults and limits, which are particular to each class.
PARTICULAR = ("out_of_range", "wrong_type", "as_written")
NEW = "Contributed"


def contribute(root, old, with_case=True):
    """Adds the class `Contributed...`, a copy of `old`, at the places of CONTRIBUTING.md."""
    package, cases, references = FAMILIES[old]
    cls = getattr(importlib.import_module(package), old)
    name, new = cls.__module__.rpartition(".")[2], NEW + old
    # One file.
    path = root / Path(inspect.getfile(cls)).relative_to(ROOT)
    path.with_name(f"{NEW.lower()}_{name}.py").write_text(path.read_text().replace(old, new))
    # One line in `__all__`.
    module = cls.__module__.replace(name, f"{NEW.lower()}_{name}")
    export = f"\nfrom {module} import {new}\n\n__all__ += [{new!r}]\n"
    _append(root / package.replace(".", "/") / "__init__.py", export)
    # One row of `CASES`, or a few.
    if with_case:
        rows = importlib.import_module(cases).CASES.items()
        lines = [f"    {k.replace(old, new)!r}: {v!r},\n" for k, v in rows if k.split()[0] == old]
        path = root / f"{cases.replace('.', '/')}.py"
        path.write_text(path.read_text().replace("CASES = {\n", "CASES = {\n" + "".join(lines)))
    # One reference function.
    reference = getattr(importlib.import_module(f"tests.references.{references}"), name)
    source = inspect.getsource(reference).replace(f"def {name}", f"def {NEW.lower()}_{name}")
    _append(root / f"tests/references/{references}.py", f"\n\n{source}")


def add_technique(page):
    """Adds a row to docs/techniques.md: a copy of one that needs no recipe, by the next id."""
    rows = re.findall(r"^\| O\d+ .*\n", page.read_text(), re.M)
    copied = next(row for row in rows if "| documented" in row)
    row = re.sub(r"O\d+", f"O{len(rows) + 1}", copied, count=1)
    page.write_text(page.read_text().replace(rows[-1], rows[-1] + row))
    return f"O{len(rows) + 1}"


def _append(path, text):
    path.write_text(path.read_text() + text)


@pytest.fixture
def root(tmp_path):
    """A copy of what the tests need."""
    for name in ("kerasrecipes", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("images"))
    for name in ("conftest.py", "setup.cfg"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run(root, *arguments):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_a_new_class_is_tested_wherever_others_are(root):
    for old in FAMILIES:
        contribute(root, old)
    collected = run(root, "-q", "--collect-only", "-k", " or ".join(FAMILIES), *TESTS).stdout
    tests = {line for line in collected.splitlines() if "[" in line}
    tests = {test for test in tests if not any(word in test for word in PARTICULAR)}
    new = {test for test in tests if NEW in test}
    assert len(new) > 50
    assert {test.replace(NEW, "") for test in new} == tests - new


@pytest.mark.slow
def test_a_new_class_passes_the_tests_of_its_family(root):
    for old in FAMILIES:
        contribute(root, old)
    id = add_technique(root / "docs" / "techniques.md")
    done = run(root, "-q", "-k", f"{NEW} or has_a_case or every_technique or {id}", *TESTS)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.slow
def test_a_class_without_a_case_fails(root):
    for old in FAMILIES:
        contribute(root, old, with_case=False)
    done = run(root, "-q", "-k", "has_a_case", *TESTS)
    assert f"{len(FAMILIES)} failed" in done.stdout
    assert all(NEW + old in done.stdout for old in FAMILIES)
