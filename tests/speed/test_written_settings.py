import json

import pytest

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.speed.written_settings import check_writable, write_settings

pytestmark = pytest.mark.backend_neutral
RECIPE = Recipe(data="Digits", model="MLP", epochs=3)
# A script's call, and what it becomes with jit_compile=True.
CALLS = {
    'Recipe(data="Digits", model="MLP", epochs=3)': (
        'Recipe(data="Digits", model="MLP", epochs=3, jit_compile=True)'
    ),
    'Recipe(data="Digits", model="MLP", epochs=(3),)': (
        'Recipe(data="Digits", model="MLP", epochs=(3), jit_compile=True)'
    ),
    'Recipe(\n    data="Digits",\n    model="MLP",\n    epochs=3,  # é, all\n)': (
        'Recipe(\n    data="Digits",\n    model="MLP",\n    epochs=3,  # é, all\n'
        "    jit_compile=True,\n)"
    ),
    'Recipe(\r\n    data="Digits", model="MLP",\r\n    epochs=3\r\n    # last\r\n)': (
        'Recipe(\r\n    data="Digits", model="MLP",\r\n    epochs=3,\r\n    # last\r\n'
        "    jit_compile=True,\r\n)"
    ),
    'Recipe(data="Digits", note="é", jit_compile=("auto"), model="MLP", epochs=3)': (
        'Recipe(data="Digits", note="é", jit_compile=(True), model="MLP", epochs=3)'
    ),
}
SCRIPT = '"""Mine: (é."""\nfrom kerasrecipes import Recipe, main\n\nrecipe = {}\nmain(recipe)\n'


@pytest.mark.parametrize("call", CALLS)
def test_a_script_gets_the_setting_and_all_else_stays(call, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SCRIPT.format(call), "utf-8", newline="")
    check_writable(path, RECIPE, ["jit_compile"])
    write_settings(path, RECIPE, {"jit_compile": True})
    assert path.read_bytes().decode("utf-8") == SCRIPT.format(CALLS[call])


def test_several_settings_are_written_in_one_step(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SCRIPT.format("Recipe(data='Digits', model='MLP', epochs=3)"), "utf-8")
    settings = {"steps_per_execution": 5, "precision": "mixed_bfloat16", "batch_size": 64}
    write_settings(path, RECIPE, settings)
    found = {}
    exec(path.read_text("utf-8").replace("main(recipe)", ""), found)
    assert found["recipe"] == RECIPE.replace(settings)
    assert [each.name for each in tmp_path.iterdir()] == ["mine.py"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('Recipe(data="Digits", model="MLP").replace({"jit_compile": False})', None),
        ('Recipe(data="Digits", model="MLP", jit_compile=bool(0))', None),
        ('[Recipe(data="Digits", model="MLP"), Recipe(data="Digits", model="VGG")][0]', "2 calls"),
        ("Recipe(**fields)", "with 1 calls"),
    ],
)
def test_a_script_that_sets_it_otherwise_stays_as_it_is(call, message, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SCRIPT.format(call), "utf-8")
    recipe = RECIPE.replace({"jit_compile": False})
    with pytest.raises(ValueError, match=message or "`jit_compile` is False, and not by a value"):
        check_writable(path, recipe, ["jit_compile"])
    assert path.read_text("utf-8") == SCRIPT.format(call)


def test_a_recipe_json_gets_the_setting_and_that_of_a_run_does_not(tmp_path):
    path = tmp_path / "recipe.json"
    plain = RECIPE.to_dict()
    del plain["jit_compile"]  # As an earlier version wrote it.
    path.write_text(json.dumps(plain))
    check_writable(path, RECIPE, ["jit_compile"])
    write_settings(path, RECIPE, {"jit_compile": True})
    assert Recipe.read(path) == RECIPE.replace({"jit_compile": True})
    (tmp_path / "data.json").write_text("{}")
    for of_run in (path, tmp_path):
        with pytest.raises(ValueError, match="--json > my_recipe.json"):
            check_writable(of_run, RECIPE, [])
