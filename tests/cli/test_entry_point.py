import json
import os
from pathlib import Path

import pytest

import kerasrecipes
from kerasrecipes import Recipe
from kerasrecipes.base.files import locked
from kerasrecipes.cli import console, main
from kerasrecipes.training.numerics import NUMERICS_VERSION


def test_families_are_listed_with_ours_and_keras_apart(output):
    rows = [line.split() for line in output(console, ["list"])[1].splitlines()]
    assert rows[0] == ["family", "kerasrecipes", "keras"]
    counts = {name: (int(ours), int(theirs)) for name, ours, theirs in rows[1:]}
    assert counts["model"][0] >= 2
    assert counts["model"][1] == 0
    assert counts["layer"][0] >= 1
    assert counts["layer"][1] > 100


def test_a_family_is_listed_with_a_line_each(output):
    rows = [line.split(maxsplit=2) for line in output(console, ["list", "layer"])[1].splitlines()]
    listed = {name: (source, what) for name, source, what in rows[1:]}
    assert listed["RandomPadCrop"][0] == "kerasrecipes"
    assert listed["Conv2D"] == ("keras", "2D convolution layer")
    # Keras has it twice.
    assert "Convolution2D" not in listed


def test_a_pattern_chooses_among_a_family(output):
    _, out, _ = output(console, ["list", "layer", "random*crop"])
    ours = ["RandomPadCrop", "RandomResizedCrop"]
    assert [line.split()[0] for line in out.splitlines()] == ["name", *ours, "RandomCrop"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["list", "layers"], "Did you mean 'layer'?"),
        (["list", "layer", "Randon*"], "No layer matches 'Randon*'."),
        (["lst"], "There is no command 'lst'. Did you mean 'list'?"),
        (["show", "Adamm"], "There is no component 'Adamm'. Did you mean 'Adam'?"),
        (["show", "no_such_module_here:build"], "There is no module 'no_such_module_here'"),
        (["show", "."], "Expected a recipe.json or a run folder, found none."),
        (["train", "recipe.json"], "Expected a recipe.json or a run folder, found none."),
        (["runs", "nowhere"], "Expected a directory of run folders. Received: nowhere"),
    ],
)
def test_bad_input_to_the_command_is_one_line_too(output, argv, message):
    code, out, err = output(console, argv)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err


def test_a_recipe_of_a_newer_version_is_refused_in_one_line(output, tmp_path):
    (tmp_path / "new.json").write_text('{"kerasrecipes": 99}')
    code, _, err = output(console, ["train", "new.json"])
    assert code == 2
    assert err.startswith("error: new.json: The recipe was written by a newer kerasrecipes")


def test_a_component_is_shown_with_its_options(output):
    _, out, _ = output(console, ["show", "SGD"])
    rows = dict(line.split(maxsplit=1) for line in out.split("\n\n")[1].splitlines())
    assert rows["learning_rate"] == "0.01"
    assert rows["clipnorm"] == "None"
    assert "velocity = momentum * velocity" in out
    _, out, _ = output(console, ["show", "CosineDecay"])
    assert "decay_steps (or decay_epochs)    the whole run" in out
    assert "initial_learning_rate            (required)" in out


def test_a_backbone_is_shown_with_its_stages(output):
    _, out, _ = output(console, ["show", "VGG16"])
    header, *rows = out.split("\n\n")[1].splitlines()
    assert header.split()[:3] == ["stage", "output", "of"]
    expected = [[f"block{n}", f"block{n}_pool"] for n in range(1, 6)]
    assert [row.split()[:2] for row in rows] == expected
    assert rows[-1].split()[2:] == ["7", "x", "7", "x", "512", "7,079,424"]


def test_a_name_with_two_meanings_is_shown_with_both(output):
    _, out, _ = output(console, ["show", "CategoricalCrossentropy"])
    assert out.count("CategoricalCrossentropy (keras)\n") == 2


def test_a_users_own_component_is_found_in_the_current_directory(output, tmp_path, train):
    (tmp_path / "mine_for_cli.py").write_text(
        'def build(input_shape, classes, *, width=8):\n    """Builds it."""\n'
    )
    _, out, _ = output(console, ["show", "mine_for_cli:build"])
    assert " ".join(out.split()) == (
        "mine_for_cli:build (mine_for_cli) option default width 8 Builds it."
    )
    recipe = {"kerasrecipes": 1, "data": "Digits", "model": {"use": "mine_for_cli:build"}}
    (tmp_path / "wide.json").write_text(json.dumps(recipe))
    command = ["train", "wide.json", "--set", "model.width=16"]
    assert output(console, command)[0] == 2
    code, out, _ = output(console, [*command, "--allow-code"])
    assert code == 0
    trained = Recipe.read(train.trained[0])
    assert trained.model.to_dict() == {"use": "mine_for_cli:build", "width": 16}
    assert out.startswith(f"{tmp_path.resolve()}/saved_models/wide-")


def test_a_run_folder_goes_on_where_it_is(recipe, output, train):
    output(main, recipe, None, ["--directory", "elsewhere/runs"])
    folder = str(train.trained[0])
    for path in (folder, f"{folder}/", f"{folder}/recipe.json"):
        _, out, _ = output(console, ["train", path])
        assert out.startswith(f"{os.path.realpath(folder)}: trained before")
        assert f"report: {folder}/report.html" in out
    output(console, ["train", folder, "--seed", "1"])
    assert str(train.trained[1]) == folder.replace(
        recipe.fingerprint, recipe.replace({"seed": 1}).fingerprint
    )
    _, out, _ = output(console, ["show", folder])
    assert out.splitlines()[-1] == f"{folder} (finished)"


def test_a_run_folder_that_was_renamed_is_still_a_recipe(recipe, output, train):
    train.write(Path("best"), "recipe.json", recipe.to_dict())
    output(console, ["train", "best"])
    assert str(train.trained[0]).startswith(f"saved_models/best-{recipe.fingerprint}-")


def test_runs_are_listed_with_how_they_went(recipe, output, train):
    main(recipe, None, [])
    main(recipe, None, ["--seed", "1"])
    unfinished, newer = train.trained[1], train.trained[0].with_name("from_the_future-0123456789ab")
    (unfinished / "metrics.json").unlink()
    train.write(newer, "recipe.json", {"kerasrecipes": 99, "epochs": 5})
    output(lambda: None)  # What was written until here.
    code, out, _ = output(console, ["runs"])
    rows = {line.split()[1]: line.split() for line in out.splitlines()}
    assert code == 0
    assert " ".join(rows["fingerprint"]) == (
        "name fingerprint data status epochs validation test started numerics"
    )
    data = recipe.data.build("data").load().hash[:8]
    assert rows[recipe.fingerprint][:7] == [
        "my_script", recipe.fingerprint, data, "finished", "3/3", "89.0%", "89.0%",
    ]  # fmt: skip
    assert rows[recipe.fingerprint][7].startswith("2026-01-0")
    assert rows[recipe.fingerprint][-1] == str(NUMERICS_VERSION)
    fingerprint = recipe.replace({"seed": 1}).fingerprint
    assert rows[fingerprint][2:7] == [data, "unfinished", "3/3", "–", "–"]
    assert rows["0123456789ab"][:4] == ["from_the_future", "0123456789ab", "unfinished", "0/5"]
    assert rows["0123456789ab"][-1] == "1"
    with locked(unfinished):
        assert f"{fingerprint}  {data}  running" in output(console, ["runs"])[1]
    assert f"{fingerprint}  {data}  unfinished" in output(console, ["runs"])[1]


def test_the_runs_of_a_search_are_listed_by_its_folder(recipe, output, train):
    train(recipe, directory="saved_models/a_search/runs", name="trial")
    train.write(Path("saved_models/a_search"), "search.json", {})
    _, out, _ = output(console, ["runs", "saved_models/a_search"])
    assert [line.split()[0] for line in out.splitlines()] == ["name", "trial"]


def test_no_runs_is_no_error(output, tmp_path):
    assert output(console, ["runs", str(tmp_path)]) == (
        0,
        f"There are no runs in {tmp_path}.\n",
        "",
    )


def test_help_and_version(output):
    code, out, _ = output(console, [])
    assert code == 0
    assert out.startswith("usage: kerasrecipes")
    assert output(console, ["--version"])[1] == f"kerasrecipes {kerasrecipes.__version__}\n"
    code, out, _ = output(main, None, None, ["--help"])
    assert code == 0
    assert "`my_script.py train --help` shows the options of training." in " ".join(out.split())


@pytest.mark.parametrize(
    "argv", [["--help"], ["list", "--help"], ["train", "--help"], ["--version"]]
)
def test_help_answers_within_half_a_second_and_imports_nothing_heavy(argv, in_a_process):
    before = os.times()
    process = in_a_process(
        """
        import sys
        from kerasrecipes.cli import console
        try:
            console(sys.argv[1:])
        finally:
            heavy = "keras", "tensorflow", "jax", "torch", "numpy", "scipy", "rich", "matplotlib"
            print(*(module for module in heavy if module in sys.modules), file=sys.stderr)
        """,
        *argv,
    )
    out, err = process.communicate(timeout=60)
    after = os.times()
    assert process.returncode == 0
    assert "kerasrecipes" in out
    assert err == "\n"
    # Of the processor's time: the machine may be busy with other tests.
    used = after.children_user + after.children_system
    assert used - before.children_user - before.children_system < 0.5


def test_backbones_are_listed_with_their_published_figures(output):
    code, out, _ = output(console, ["list", "backbone", "*mobilenet*"])
    table, _, note = out.partition("\n\n")
    rows = [line.split() for line in table.splitlines()]
    assert code == 0
    assert rows[0] == ["name", "from", "parameters", "image", "size", "top-1"]
    assert ["MobileNetV2", "keras", "3.5", "M", "224", "71.3%"] in rows
    assert "hub:PRESET" in note
    ours = output(console, ["list", "backbone", "resnet20*"])[1].splitlines()[1].split()
    assert ours == ["resnet20_cifar10", "kerasrecipes", "0.3", "M", "32", "89.0%"]


def test_backbones_are_a_family_of_the_list(output):
    _, out, _ = output(console, ["list"])
    assert ["backbone", "1"] in [line.split()[:2] for line in out.splitlines()]
    _, _, err = output(console, ["list", "backbone", "MobilNet"])
    assert "No backbone matches 'MobilNet'. Did you mean 'MobileNet'?" in err
