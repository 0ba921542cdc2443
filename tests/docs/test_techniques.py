"""docs/techniques.md has a row for every technique, and what a row names is there."""

import ast
import functools
import operator
import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from kerasrecipes.recipe import registry
from tests.docs.pages import ROOT, asked_for

PAGE = ROOT / "docs" / "techniques.md"
# Where the scripts are that rows name.
SCRIPTS = ("recipes", "benchmarks/studies")
HOW_MANY = {
    "O": 15, "L": 12, "T": 2, "R": 16, "N": 8, "I": 6, "F": 1, "P": 5, "A": 16, "B": 3, "D": 10,
    "E": 5, "X": 7, "H": 3,
}  # fmt: skip
IDS = [f"{letter}{number}" for letter, n in HOW_MANY.items() for number in range(1, n + 1)]
# What a row must name besides its status.
NEEDS = {
    "built": ("symbol", "recipe", "test"),
    "Keras": ("symbol", "recipe", "test"),
    "documented": (),
    "out of scope": (),
    "open": (),
}


class Row(NamedTuple):
    id: str
    technique: str
    status: str
    symbol: str
    recipe: str
    test: str

    @property
    def kind(self) -> str:
        return self.status.partition(":")[0]

    @property
    def reason(self) -> str:
        return self.status.partition(":")[2].strip()


def _rows() -> Iterator[Row]:
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-Z]\d+", cells[0]):
            yield Row(*cells)


ROWS = list(_rows())
TECHNIQUES = [pytest.param(row, id=row.id) for row in ROWS]


def _quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


def _words(command):
    """Returns the words of a command, with the folder of its script in front."""
    script, *arguments = shlex.split(command)
    (path,) = (path for folder in SCRIPTS if (path := ROOT / folder / script).is_file())
    return [str(path.relative_to(ROOT)), *arguments]


def _resolve(symbol):
    """Returns what a dotted path such as `keras.optimizers.SGD` names."""
    modules = symbol.split(".")
    for length in range(len(modules) - 1, 0, -1):
        try:
            found = __import__(".".join(modules[:length]), fromlist=["_"])
        except ModuleNotFoundError:
            continue
        return operator.attrgetter(".".join(modules[length:]))(found)
    raise ModuleNotFoundError(symbol)


@functools.cache
def _functions(path):
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_technique_has_one_row():
    ids = [row.id for row in ROWS]
    # Those of the lectures, and what has been added behind them.
    assert set(ids) >= set(IDS)
    for letter in {id[0] for id in ids}:
        numbers = sorted(int(id[1:]) for id in ids if id[0] == letter)
        assert numbers == [*range(1, len(numbers) + 1)]


@pytest.mark.parametrize("row", TECHNIQUES)
def test_a_row_says_what_its_status_needs(row):
    assert row.technique
    assert row.kind in NEEDS
    for column in ("symbol", "recipe", "test"):
        assert bool(getattr(row, column)) == (column in NEEDS[row.kind]), column
    if row.kind == "documented":
        (page, anchor) = re.fullmatch(r"\[.+\]\((.+\.md)#(.+)\)", row.reason).groups()
        headings = re.findall(r"^#+ (.+)$", (PAGE.parent / page).read_text("utf-8"), re.M)
        assert anchor in [re.sub(r"\W+", "-", heading.lower()) for heading in headings]
    if row.kind == "out of scope":
        assert len(row.reason.split()) >= 2


@pytest.mark.parametrize("row", TECHNIQUES)
def test_symbols_resolve(row):
    symbols = _quoted(row.symbol)
    assert bool(symbols) == bool(row.symbol)
    for symbol in symbols:
        assert callable(_resolve(symbol))
    assert row.kind != "built" or any(registry.is_ours(_resolve(symbol)) for symbol in symbols)
    assert row.kind != "Keras" or not registry.is_ours(_resolve(symbols[0]))


@pytest.mark.parametrize("row", [p for p in TECHNIQUES if p.values[0].recipe])
def test_recipes_are_there_and_take_the_changes(row, monkeypatch):
    for command in _quoted(row.recipe):
        asked_for(_words(command), monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(
    "row", [p for p in TECHNIQUES if "train_from_scratch" in p.values[0].recipe]
)
def test_recipes_can_be_run(row, monkeypatch):
    from kerasrecipes.training.build import build_recipe

    for command in _quoted(row.recipe):
        recipe, _ = asked_for(_words(command), monkeypatch)
        build_recipe(recipe, recipe.data.build("data").load())


@pytest.mark.parametrize("row", [p for p in TECHNIQUES if p.values[0].test])
def test_tests_are_there(row):
    for name in _quoted(row.test):
        path, _, function = name.partition("::")
        assert function in _functions(path)
