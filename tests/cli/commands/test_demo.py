from kerasrecipes import Recipe
from kerasrecipes.cli import console
from kerasrecipes.cli.commands import demo


def test_it_trains_the_recipe_of_the_script_as_the_script_would(output, train):
    code, out, _ = output(console, ["demo"])
    assert code == 0
    assert out.startswith(f"{demo.demo_script()}: the recipe, a script to copy and change\n")
    assert train.trained[0].name.startswith("train_from_scratch-")
    # What the script's own command line would train is the same run.
    _, out, _ = output(console, ["train", str(demo.demo_script())])
    assert "trained before" in out
    assert len(train.trained) == 1


def test_it_takes_the_options_of_train(output, train):
    options = ["--epochs", "2", "--set", "model.depth=14", "--seeds", "3", "4"]
    assert output(console, ["demo", *options])[0] == 0
    recipes = [Recipe.read(folder) for folder in train.trained]
    assert [recipe.seed for recipe in recipes] == [3, 4]
    assert {recipe.epochs for recipe in recipes} == {2}
    assert {recipe.model.options["depth"] for recipe in recipes} == {14}
    code, _, err = output(console, ["demo", "--set", "model.dept=14"])
    assert code == 2
    assert "'depth'" in err


def test_an_installed_script_comes_before_that_of_a_clone(tmp_path, monkeypatch, output, train):
    script = tmp_path / "kerasrecipes" / "cli" / "demo_recipe" / "train_from_scratch.py"
    script.parent.mkdir(parents=True)
    script.write_text(
        "from kerasrecipes import Recipe, main\n\nrecipe = Recipe(data='Digits', model='MLP')\n\n"
        "if __name__ == '__main__':\n    main(recipe)\n"
    )
    command = tmp_path / "kerasrecipes" / "cli" / "commands" / "demo.py"
    monkeypatch.setattr(demo, "__file__", str(command))
    assert output(console, ["demo", "--epochs", "1"])[0] == 0
    assert Recipe.read(train.trained[0]).model.name == "MLP"
