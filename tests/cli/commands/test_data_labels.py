import re

import pytest

from kerasrecipes.cli import main
from kerasrecipes.proposals import wrong_labels
from tests.proposals.pets import FLIPPED, cross_validated_pets, write_pets


@pytest.mark.backend_neutral
def test_the_command_writes_a_page_and_a_list(output, tmp_path, monkeypatch):
    monkeypatch.setattr(wrong_labels, "cross_validate", cross_validated_pets)
    recipe = write_pets(tmp_path)
    code, out, err = output(main, recipe, None, ["data", "--labels", "--folds", "3"])
    assert (code, err) == (0, "")
    assert "2 of 24 labels of training and validation images are probably wrong" in out
    assert "--set data.exclude=my_script-labels.txt" in out
    page = (tmp_path / "my_script-labels.html").read_text("utf-8")
    assert page.count("<img ") == 2
    assert {*re.findall(r'class="path">([^<]+)<', page)} == set(FLIPPED)
    for argv, message in [
        (["--folds", "3"], "`--folds` needs `--labels`"),
        (["--labels", "--grid", "a.png"], "Give `--labels` or `--grid`, not both"),
    ]:
        code, _, err = output(main, recipe, None, ["data", *argv])
        assert code == 2
        assert message in err
