"""`kerasrecipes COMMAND script.py`: a recipe script that is given by its path."""

import ast
import re
import sys
from pathlib import Path

import pytest

from kerasrecipes.cli import console
from kerasrecipes.cli.script import _calls_main
from kerasrecipes.tuning import rungs_of

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.py"))

RECIPE = 'Recipe(data="Digits", model="MLP", epochs=3)'
SCRIPT = f"from kerasrecipes import Recipe, main\nmain({RECIPE})\n"


@pytest.fixture
def script(tmp_path):
    """Writes a recipe script, which is not where the commands are typed."""
    (tmp_path / "elsewhere").mkdir()

    def write(text):
        (tmp_path / "elsewhere" / "mine.py").write_text(text)
        return "elsewhere/mine.py"

    return write


def test_it_runs_as_python_would_run_it(script, output, train, tmp_path):
    (tmp_path / "elsewhere" / "beside_the_script.py").write_text("EPOCHS = 7\n")
    path = script(
        "import sys\n"
        "from beside_the_script import EPOCHS\n"
        "from kerasrecipes import Recipe, main\n"
        'print(__name__, __file__, sys.argv, sys.modules["__main__"].EPOCHS)\n'
        f"main({RECIPE}.replace({{'epochs': EPOCHS}}))\n"
    )
    before = sys.argv, sys.path
    code, out, err = output(console, ["train", "--set", "seed=4", path, "--name", "other"])
    argv = [path, "train", "--set", "seed=4", "--name", "other"]
    first, folder, *_ = out.splitlines()
    assert (code, err) == (0, "")
    assert first == f"__main__ {path} {argv} 7"
    assert folder == f"{train.trained[0].absolute()}: training"
    assert train.trained[0].name.startswith("other-")
    assert before == (sys.argv, sys.path)
    assert str(tmp_path / "elsewhere") not in sys.path


def test_it_is_what_its_runs_are_called_after(script, output, train):
    output(console, ["train", script(SCRIPT)])
    assert str(train.trained[0]).startswith("saved_models/mine-")


def test_it_brings_its_space_and_rungs(script, output, monkeypatch):
    given = []
    monkeypatch.setattr(
        "kerasrecipes.tuning.search", lambda *given_, **options: given.append((given_, options))
    )
    path = script(
        "import sys\n"
        "from kerasrecipes import Recipe, main\n"
        "from kerasrecipes.tuning import integer\n"
        "space = {'batch_size': integer(8, 64)}\n"
        f"main({RECIPE}, space, sys.argv[1:] or ['search'], rungs='2x1')\n"
    )
    assert output(console, ["search", path, "--seed", "3"])[0] == 0
    (((_, space, rungs), options),) = given
    assert list(space) == ["batch_size"]
    assert rungs == rungs_of("2x1")
    assert (options["name"], options["seed"]) == ("mine-search", 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SCRIPT.replace("(Recipe", "((Recipe"), "'(' was never closed (mine.py, line 2)"),
        (SCRIPT.replace("MLP", "MPL"), "There is no model component 'MPL'. Did you mean 'MLP'?"),
        (SCRIPT.replace("Recipe, main", "Recipes, main"), "cannot import name 'Recipes'"),
        (f"from kerasrecipes import Recipe\nrecipe = {RECIPE}\n", "ends in `main(recipe)`"),
        ("def main(): open('written', 'w')\nmain()\n", "Received: elsewhere/mine.py"),
        ("from kerasrecipes import main\n", "with `from kerasrecipes import main`."),
    ],
)
def test_bad_input_is_one_line(script, output, train, tmp_path, text, message):
    code, out, err = output(console, ["train", script(text)])
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
    assert not train.trained
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["show", "elsewhere/mein.py"], "'elsewhere/mein.py'. Did you mean 'elsewhere/mine.py'?"),
        (["train", "elsewhere/mine.json"], "Expected a recipe.json or a run folder, found none."),
        (["elsewhere/mine.py"], "Did you mean `kerasrecipes train elsewhere/mine.py`? Commands"),
        (["train", "elsewhere/mine.py", "--name", "a/b"], "`--name` must be a name without a "),
        (["show", "Adam", "--epochs", "3"], "'Adam' is no file or folder."),
    ],
)
def test_a_path_that_is_wrong_is_one_line(script, output, argv, message):
    script(SCRIPT)
    code, out, err = output(console, argv)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err


def test_a_bug_in_it_keeps_its_traceback(script):
    with pytest.raises(ZeroDivisionError):
        console(["train", script(f"1 / 0\n{SCRIPT}")])


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (SCRIPT, True),
        ("from kerasrecipes.cli import main as run\nrun(1)", True),
        ("import kerasrecipes as kr\nif True:\n    kr.main(1)", True),
        ("from kerasrecipes import main as run\ndef main(): pass\nmain()", False),
        ("from mine import main\nmain()", False),
    ],
)
def test_calls_of_main_are_found_by_what_is_imported(text, calls):
    assert _calls_main(ast.parse(text)) is calls


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_are_told_from_studies(path):
    """A study, which would take hours, is not started by a command that shows a recipe."""
    text = path.read_text("utf-8")
    assert _calls_main(ast.parse(text)) == bool(re.search(r"^    main\(recipe\b", text, re.M))
