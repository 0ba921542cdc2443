"""`tune-speed`: what it prints, and what it writes where."""

import json

import pytest

from kerasrecipes import Recipe
from kerasrecipes.cli import console, main
from kerasrecipes.speed import Setting, Speeds, Tried
from kerasrecipes.speed.settings import LEARNT, ROUNDING

SCRIPT = """from kerasrecipes import Recipe, main

recipe = Recipe(data="Digits", model="MLP", epochs=3)

if __name__ == "__main__":
    main(recipe)
"""


@pytest.fixture
def asked(monkeypatch):
    """What was asked of `tune_speed`, which then tells what it is told here."""
    calls = []
    steps = Setting("steps_per_execution", 5, ROUNDING, {"steps_per_execution": 5})
    half = Setting("precision", "mixed_bfloat16", LEARNT, {"precision": "mixed_bfloat16"})
    threads = Setting("threads", 1, ROUNDING, variables={"OMP_NUM_THREADS": "1"})

    def tune_speed(recipe, **options):
        calls.append((recipe, options))
        allowed = half.changes if "precision" in options["allow"] else {}
        return Speeds(
            tried=(
                Tried(Setting("as it is"), 1234.4, (1.0,), 2.0),
                Tried(steps, 1500.0, (1.1, 1.2, 1.3), 3.0),
                Tried(half, 2000.0, (1.5, 1.6, 1.7), 3.0),
                Tried(threads, 1400.0, (1.04, 1.05, 1.06), 3.0),
                Tried(Setting("layout"), note="not tried: why"),
            ),
            best={**steps.changes, **allowed},
            backend="tensorflow",
            cores=2,
            turn_seconds=0.3,
            caches=False,
        )

    monkeypatch.setattr("kerasrecipes.speed.tune_speed", tune_speed)
    return calls


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SCRIPT)
    return path


def test_it_prints_what_each_setting_gave_and_writes_nothing_unasked(output, asked, script):
    code, out, err = output(console, ["tune-speed", "mine.py", "--minutes", "2"])
    assert (code, err) == (0, "")
    assert asked[0][1] == {"minutes": 2.0, "directory": "saved_models", "allow": []}
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines == [
        "setting images/s ratio turns begins in changes",
        "as it is 1,234 1.00 2.0 s",
        "steps_per_execution=5 1,500 1.20 1.10 to 1.30 3.0 s rounding",
        "precision=mixed_bfloat16 2,000 1.60 1.50 to 1.70 3.0 s what is learnt",
        "threads=1 1,400 1.05 1.04 to 1.06 3.0 s rounding",
        "layout - - not tried: why",
        "",
        "tensorflow, 2 cores; n = 5 turns of about 0.3 s, each beside one of the recipe as it is",
        "faster: steps_per_execution=5; --write writes it into the recipe",
        "faster, but changes what is learnt: precision=mixed_bfloat16; `--write --allow precision` "
        "writes it",
        "faster, set before the command: OMP_NUM_THREADS=1",
    ]
    assert script.read_text() == SCRIPT


def test_it_writes_into_the_script_that_was_given_or_is_run(output, asked, script, monkeypatch):
    _, out, _ = output(console, ["tune-speed", "mine.py", "--write"])
    assert out.endswith("\nwritten into mine.py: steps_per_execution=5\n")
    once = SCRIPT.replace("epochs=3", "epochs=3, steps_per_execution=5")
    assert script.read_text() == once
    script.write_text(SCRIPT)
    monkeypatch.setattr("sys.argv", [str(script)])
    recipe = Recipe(data="Digits", model="MLP", epochs=3)
    main(recipe, None, ["tune-speed", "--write", "--allow", "precision"])
    assert script.read_text() == once.replace("=5", '=5, precision="mixed_bfloat16"')


def test_it_writes_into_a_recipe_json(output, asked, recipe, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(recipe.to_dict()))
    code, _, _ = output(console, ["tune-speed", "mine.json", "--write"])
    assert code == 0
    assert Recipe.read(path) == recipe.replace({"steps_per_execution": 5})


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--allow", "precision"], "`--allow` says what `--write` may write"),
        (["--write", "--set", "steps_per_execution=2"], "`steps_per_execution` is 2, and not by"),
    ],
)
def test_what_cannot_be_written_is_said(argv, message, output, asked, script):
    code, _, err = output(console, ["tune-speed", "mine.py", *argv])
    assert (code, asked) == (2, [])
    assert message in err
    assert script.read_text() == SCRIPT


def test_a_run_stays_what_it_was(output, asked, recipe, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.json").write_text(json.dumps(recipe.to_dict()))
    code, _, err = output(console, ["tune-speed", "run", "--write"])
    assert (code, asked) == (2, [])
    assert "kerasrecipes show run --json > my_recipe.json" in err
