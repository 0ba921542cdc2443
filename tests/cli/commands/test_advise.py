import json
from types import SimpleNamespace

import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.cli import console, main


@pytest.fixture
def transfer(recipe):
    return recipe.replace(
        {"preprocessing": [], "model": use("Pretrained", backbone="VGG16", weights=None), "seed": 3}
    )


@pytest.fixture
def asked(monkeypatch, recipe):
    """What `advise` was asked; it always has the same answer."""
    calls = []

    def advise(*arguments, **options):
        calls.append((arguments, options))
        return SimpleNamespace(
            recipe=recipe, size="little", similarity="similar", strategy="features", reason="So."
        )

    monkeypatch.setattr("kerasrecipes.transfer.advise", advise)
    return calls


@pytest.mark.parametrize("as_script", [True, False])
def test_the_advice_is_printed_and_its_recipe_written(
    recipe, transfer, asked, output, tmp_path, as_script
):
    (tmp_path / "recipe.json").write_text(json.dumps(transfer.to_dict()))
    argv = ["advise", *([] if as_script else ["recipe.json"]), "--output", "a/advice.json"]
    argv += ["--set", "data.examples_per_class=10"]
    code, out, _ = output(main, transfer, None, argv) if as_script else output(console, argv)
    assert code == 0
    assert out.splitlines() == [
        "little data, similar images: features",
        "So.",
        "recipe: a/advice.json; `kerasrecipes train a/advice.json` follows the advice",
    ]
    assert Recipe.read("a/advice.json") == recipe
    (((data, model), options),) = asked
    assert data == use("Digits", examples_per_class=10)
    assert model == transfer.model
    assert options == {"preprocessing": (), "seed": 3}
    again = output(main, transfer, None, argv) if as_script else output(console, argv)
    assert (again[0], again[1]) == (2, "")
    assert "a/advice.json is there already: give another file by --output" in again[2]
    assert len(asked) == 1


def test_another_model_gets_no_advice(recipe, asked, output, tmp_path):
    code, out, err = output(main, recipe, None, ["advise"])
    assert (code, out) == (2, "")
    assert "--set model=Pretrained" in err.splitlines()[-1]
    assert not asked
    assert not list(tmp_path.glob("*.json"))
