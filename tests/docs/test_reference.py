"""docs/reference/ has an entry for every name that a package exports, under that name."""

import importlib
import pkgutil
import re

import pytest

import kerasrecipes
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "reference"


def _packages():
    found = pkgutil.walk_packages(kerasrecipes.__path__, "kerasrecipes.")
    names = ["kerasrecipes", *(module.name for module in found if module.ispkg)]
    public = [name for name in names if "._" not in name]
    return [name for name in public if getattr(importlib.import_module(name), "__all__", ())]


def _entries():
    """Yields page and dotted path of each entry; that of a package stands for all its exports."""
    for page in sorted(FOLDER.glob("*.md")):
        for path in re.findall(r"^::: (\S+)$", page.read_text("utf-8"), re.M):
            yield page.name, path


PACKAGES = _packages()
ENTRIES = list(_entries())


def _exports(package):
    return {name: getattr(importlib.import_module(package), name) for name in _all(package)}


def _all(package):
    return importlib.import_module(package).__all__


def _documented():
    """Returns what the entries are of: the objects, by dotted path."""
    found = {}
    for _, path in ENTRIES:
        if path in PACKAGES:
            found |= {f"{path}.{name}": export for name, export in _exports(path).items()}
        else:
            package, _, name = path.rpartition(".")
            found[path] = getattr(importlib.import_module(package), name)
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_every_export_has_an_entry(package):
    documented = list(_documented().values())
    exports = _exports(package)
    missing = [n for n, export in exports.items() if not any(export is d for d in documented)]
    assert missing == []


@pytest.mark.parametrize(("page", "path"), ENTRIES)
def test_an_entry_bears_the_name_that_a_user_imports(page, path):
    package, _, name = path.rpartition(".")
    assert path in PACKAGES or name in _all(package)


def test_nothing_has_two_entries():
    documented = _documented()
    objects = list(documented.values())
    twice = [path for path, found in documented.items() if sum(found is o for o in objects) > 1]
    assert twice == []
