import json

import pytest

from kerasrecipes import use
from kerasrecipes.cli import console, main
from kerasrecipes.diagnostics.rules.remedies import highest_rate_path


@pytest.mark.parametrize("as_script", [True, False])
def test_a_learning_rate_is_suggested_and_drawn(recipe, output, tmp_path, train, as_script):
    (tmp_path / "recipe.json").write_text(json.dumps(recipe.to_dict()))
    argv = ["find-lr", *([] if as_script else ["recipe.json"]), "--steps", "12"]
    argv += ["--lowest", "0.001", "--highest", "100", "--output", "a/b.png"]
    code, out, _ = output(main, recipe, None, argv) if as_script else output(console, argv)
    assert code == 0
    least, end, suggestion, picture = out.splitlines()
    assert least.startswith("the loss is least at ")
    assert end.startswith("up to ")
    path, value = suggestion.removeprefix("suggestion: --set ").split("=")
    recipe.replace({path: float(value)})
    assert picture == "picture: a/b.png"
    assert (tmp_path / "a" / "b.png").read_bytes().startswith(b"\x89PNG")
    again = output(main, recipe, None, argv) if as_script else output(console, argv)
    assert again[1].endswith("\npicture: a/b.png (in place of an earlier one)\n")
    assert not train.trained


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--lowest", "0"], "`lowest` must be"),
        (["--steps", "3"], "`steps` must be"),
        (["--output", "a.jpg"], "the suffix of --output` must be one of"),
    ],
)
def test_bad_input_is_one_line(recipe, output, tmp_path, argv, message):
    code, out, err = output(main, recipe, None, ["find-lr", *argv])
    assert (code, out) == (2, "")
    assert message in err.splitlines()[-1]
    assert not list(tmp_path.glob("*.png"))


@pytest.mark.parametrize(
    ("rate", "path"),
    [
        (0.1, "optimizer.learning_rate"),
        (
            use("OneCycle", peak_learning_rate=0.1, warmup_epochs=1),
            "optimizer.learning_rate.peak_learning_rate",
        ),
        (
            use("CosineDecay", initial_learning_rate=0.0, warmup_target=0.1, warmup_epochs=1),
            "optimizer.learning_rate.warmup_target",
        ),
        (
            use("Warmup", schedule=use("LinearDecay", initial_learning_rate=0.1), warmup_epochs=1),
            "optimizer.learning_rate.schedule.initial_learning_rate",
        ),
    ],
)
def test_the_suggestion_is_for_the_highest_rate(recipe, rate, path):
    changed = recipe.replace({"optimizer": use("SGD", learning_rate=rate)})
    assert highest_rate_path(changed.flatten()) == path
