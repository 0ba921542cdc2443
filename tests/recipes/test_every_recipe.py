"""The form of every script in recipes/."""

import ast
import re
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "recipes").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_recipe_is_short_and_begins_with_command_cost_and_score(script):
    text = script.read_text("utf-8")
    _, command, cost, *_ = ast.get_docstring(ast.parse(text)).split("\n\n")
    assert 20 <= len(text.splitlines()) <= 60
    assert command.split()[:2] == ["python", f"recipes/{script.name}"]
    assert re.search(r"on 2 busy CPU cores \(TensorFlow [\d.]+\)", cost)
    assert re.search(r"test\s+accuracy\s((is|of)\s)?[\d.]+%", cost)
    assert re.search(r"n = [\d,]+\simages", cost)
