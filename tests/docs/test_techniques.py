"""docs/techniques.md has a row for every technique, and what a row names is there.

docs/technique-commands.md has the commands and the tests of a technique below its id.
"""

import ast
import functools
import operator
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from kerasrecipes.recipe import registry
from tests.docs.pages import ROOT, asked_for, blocks, commands, recipe_script

PAGE = ROOT / "docs" / "techniques.md"
COMMANDS = ROOT / "docs" / "technique-commands.md"
HOW_MANY = {
    "O": 15, "L": 12, "T": 2, "R": 16, "N": 8, "I": 6, "F": 1, "P": 5, "A": 16, "B": 3, "D": 10,
    "E": 5, "X": 7, "H": 3,
}  # fmt: skip
IDS = [f"{letter}{number}" for letter, n in HOW_MANY.items() for number in range(1, n + 1)]
# What a row must name besides its status and its slide.
NEEDS = {
    "built": ("symbol", "recipe", "test"),
    "Keras": ("symbol", "recipe", "test"),
    "documented": ("see",),
    "out of scope": (),
    "open": (),
}
DECKS = ("S0", "S1", "S2", "S3", "S4")


class Row(NamedTuple):
    id: str
    technique: str
    status: str
    symbol: str
    recipe: str
    test: str
    slide: str
    see: str

    @property
    def kind(self) -> str:
        return self.status.partition(":")[0]

    @property
    def reason(self) -> str:
        return self.status.partition(":")[2].strip()


class Entry(NamedTuple):
    """What docs/technique-commands.md says of a technique."""

    symbols: list[str]
    recipes: list[list[str]]
    tests: list[str]


def _rows() -> Iterator[Row]:
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-Z]\d+", cells[0]) and len(cells) == len(Row._fields):
            yield Row(*cells)


def _entries() -> Iterator[tuple[str, Entry]]:
    text = COMMANDS.read_text("utf-8")
    starts = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("### ")]
    code = list(blocks(COMMANDS))
    for start, section in zip(starts, text.split("\n### ")[1:], strict=True):
        block = next(block for block in code if block.line > start)
        words = list(commands(block))
        yield (
            section.split()[0],
            Entry(
                symbols=_quoted(section.partition("\n    ")[0]),
                recipes=[script for _, *rest in words if (script := recipe_script(rest))],
                tests=[rest[-1] for _, *rest in words if rest[:2] == ["-m", "pytest"]],
            ),
        )


def _quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


ROWS = list(_rows())
ENTRIES = dict(_entries())
LINKS = dict(re.findall(r"^\[(.+)\]: (\S+)$", PAGE.read_text("utf-8"), re.M))
TECHNIQUES = [pytest.param(row, id=row.id) for row in ROWS]
ENTERED = [pytest.param(id, entry, id=id) for id, entry in ENTRIES.items()]


def _linked(cell):
    """Returns where the links of a cell lead: `[text]`, or `[text][label]`."""
    return [LINKS[label or text] for text, label in re.findall(r"\[([^]]+)\](?:\[(.+?)\])?", cell)]


def _anchors(page):
    headings = re.findall(r"^#+ (.+)$", (PAGE.parent / page).read_text("utf-8"), re.M)
    return [re.sub(r"[^\w\s-]", "", heading).lower().replace(" ", "-") for heading in headings]


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


def test_every_technique_with_a_recipe_has_one_entry():
    headings = re.findall(r"^### (\w+)$", COMMANDS.read_text("utf-8"), re.M)
    assert sorted(headings) == sorted(row.id for row in ROWS if row.recipe)


def test_no_line_is_too_long_to_read():
    assert max(map(len, PAGE.read_text("utf-8").splitlines())) <= 200


@pytest.mark.parametrize("row", TECHNIQUES)
def test_a_row_says_what_its_status_needs(row):
    assert row.technique
    assert row.kind in NEEDS
    for column in ("symbol", "recipe", "test"):
        assert bool(getattr(row, column)) == (column in NEEDS[row.kind]), column
    assert row.see or "see" not in NEEDS[row.kind]
    if row.kind == "out of scope":
        assert len(row.reason.split()) >= 2


@pytest.mark.parametrize("row", TECHNIQUES)
def test_a_row_names_a_slide(row):
    if row.slide == "beyond":
        assert row.id not in IDS
        return
    for slide in row.slide.split("; "):
        decks, heading = re.fullmatch(r"((?:S\d, )*S\d) (\S.*)", slide).groups()
        assert heading
        assert set(decks.split(", ")) <= set(DECKS)


@pytest.mark.parametrize("row", TECHNIQUES)
def test_links_lead_to_what_is_there(row):
    for link in _linked(row.recipe) + _linked(row.test):
        assert link == f"technique-commands.md#{row.id.lower()}"
    for link in _linked(row.see):
        page, _, anchor = link.partition("#")
        # mkdocs knows the anchors that are made when it builds.
        assert not anchor or page.startswith("reference/") or anchor in _anchors(page)


@pytest.mark.parametrize("row", [p for p in TECHNIQUES if p.values[0].symbol])
def test_a_row_shows_symbols_of_its_entry(row):
    shown = _quoted(row.symbol) + [
        link.partition("#")[2] for link in _linked(row.symbol) if link.startswith("reference/")
    ]
    assert shown
    assert set(shown) <= set(ENTRIES[row.id].symbols)


@pytest.mark.parametrize("row", [p for p in TECHNIQUES if p.values[0].symbol])
def test_symbols_resolve(row):
    symbols = ENTRIES[row.id].symbols
    assert symbols
    for symbol in symbols:
        assert callable(_resolve(symbol))
    assert row.kind != "built" or any(registry.is_ours(_resolve(symbol)) for symbol in symbols)
    assert row.kind != "Keras" or not registry.is_ours(_resolve(symbols[0]))


@pytest.mark.parametrize(("id", "entry"), ENTERED)
def test_recipes_are_there_and_take_the_changes(id, entry, monkeypatch):
    assert entry.recipes
    for words in entry.recipes:
        asked_for(words, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("id", "entry"),
    [p for p in ENTERED if any("train_from_scratch" in words[0] for words in p.values[1].recipes)],
)
def test_recipes_can_be_run(id, entry, monkeypatch):
    from kerasrecipes.training.building.build import build_recipe

    for words in entry.recipes:
        recipe, _ = asked_for(words, monkeypatch)
        build_recipe(recipe, recipe.data.build("data").load())


@pytest.mark.parametrize(("id", "entry"), ENTERED)
def test_tests_are_there(id, entry):
    assert entry.tests
    for name in entry.tests:
        path, _, function = name.partition("::")
        assert function in _functions(path)
