"""Files of proposals: what is there is used, replaced or left alone."""

import time
from types import SimpleNamespace

import pytest

from kerasrecipes.proposals.choices import Advised
from kerasrecipes.proposals.choosing import choose
from kerasrecipes.proposals.images.splitting import held_out
from kerasrecipes.proposals.scripts.script_files import (
    command_line,
    default_script,
    write_proposal,
    written_before,
)

ASKED = {"minutes": 5.0}


@pytest.fixture
def proposal(facts, timed):
    found = facts(400, 400)
    chosen = choose(found, held_out(found, folds_fit=True), timed(), 480, Advised())
    return SimpleNamespace(chosen=chosen, began=time.monotonic())


@pytest.fixture
def script(tmp_path, monkeypatch, proposal):
    monkeypatch.chdir(tmp_path)
    path = default_script("photos/")
    return write_proposal(proposal, "photos/", path, options=ASKED)


def _before(script, options=(), images="photos/"):
    return written_before(images, script, dict(options), "saved_models")


def test_nothing_is_known_before_anything_is_written(tmp_path):
    assert written_before("photos/", tmp_path / "photos.py", {}, tmp_path) is None


def test_an_unchanged_script_is_used_again(script, proposal):
    for options in (ASKED, {}):
        found = _before(script, options)
        assert (found.recipe, found.options) == (proposal.chosen.recipe, ASKED)


def test_other_options_or_images_choose_anew(script):
    assert _before(script, {"minutes": 6.0}) is None
    assert _before(script, ASKED, "others/") is None


def test_a_changed_script_is_neither_replaced_nor_run(script):
    script.write_text(script.read_text("utf-8").replace("epochs=", "epochs=1 + "), "utf-8")
    for options in (ASKED, {"minutes": 6.0}, {}):
        with pytest.raises(ValueError, match=r"was changed.*python photos\.py.*--script FILE"):
            _before(script, options)


def test_a_script_of_somebody_else_is_left_alone(script, tmp_path):
    (tmp_path / "saved_models" / "photos.proposal.json").unlink()
    with pytest.raises(ValueError, match="is there already, and is not replaced"):
        _before(script, ASKED)


def test_a_damaged_record_says_so(script, tmp_path):
    (tmp_path / "saved_models" / "photos.proposal.json").write_text("{")
    with pytest.raises(ValueError, match=r"photos\.proposal\.json cannot be read.*Delete it"):
        _before(script, ASKED)


def test_a_script_hides_no_module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [default_script(name).name for name in ("json", "keras", "./random/", "my cats")]
    assert names == ["json_recipe.py", "keras_recipe.py", "random_recipe.py", "my_cats.py"]


def test_the_command_is_what_a_shell_takes():
    options = {"minutes": 5.0, "image_size": 64, "set": ["epochs=3", 'data.classes=["a"]']}
    assert command_line("photos", options) == (
        "kerasrecipes train photos --minutes 5.0 --image-size 64 --set epochs=3 "
        "--set 'data.classes=[\"a\"]'"
    )
