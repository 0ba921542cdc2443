"""What `evaluate` says of a run under attacks and corruptions."""

import re

import pytest

from kerasrecipes.cli import console
from tests.digits_run import digits_run


def test_attacks_have_a_row_an_epsilon_and_a_verdict_on_the_gradient(output):
    run = digits_run(data__classes=(0, 1), epochs=2)
    given = ["evaluate", str(run.folder), "--adversarial", "0.5", "32", "--images", "30"]
    code, out, err = output(console, given)
    assert (code, err) == (0, "")
    first, header, *rows = out.splitlines()
    assert first.startswith("note: an epsilon of 0.5 is less than a grey level")
    assert header.split()[:6] == ["epsilon", "noise", "FGSM", "PGD-10", "PGD-50", "transfer"]
    assert [row.split()[0] for row in rows[:2]] == ["0.5", "32"]
    assert "n = 30)" in out
    assert "masked" in out
    assert out.splitlines()[-1] == f"report: {run.folder / 'report.html'}"
    assert "<h2>Attacks" in (run.folder / "report.html").read_text("utf-8")


def test_corruptions_have_a_row_each_and_a_mean(output):
    run = digits_run(data__classes=(0, 1), epochs=2)
    code, out, err = output(console, ["evaluate", str(run.folder), "--corrupted"])
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[1:6]] == [
        "noise",
        "blur",
        "contrast",
        "brightness",
        "turn",
    ]
    assert re.search(r"mean over all corruptions: accuracy [\d.]+% \(95% interval", out)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--norm", "2"], "`--norm` needs `--adversarial`"),
        (["--images", "5"], "`--images` needs `--adversarial` or `--corrupted`"),
        (["--adversarial", "4", "--corrupted"], "Give --adversarial or --corrupted, not both"),
        (["--adversarial", "300"], "the width of `value_range`"),
        (["--adversarial", "--data", "Digits"], "is of the run's own images"),
        (["--corrupted", "--tta", "flip"], "not both"),
        (["--corrupted", "--split", "train"], "of validation or test"),
    ],
)
def test_options_that_do_not_fit_are_told(options, message, output):
    run = digits_run(data__classes=(0, 1), epochs=2)
    code, _, err = output(console, ["evaluate", str(run.folder), *options])
    assert code == 2
    assert re.search(message, err)
