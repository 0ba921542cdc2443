import pytest

from kerasrecipes.speed.settings import _several_steps, joined, settings_to_try
from tests.speed.example import FACTS as FACTS_OF_TWO_CORES
from tests.speed.example import RECIPE

pytestmark = pytest.mark.backend_neutral
FACTS = FACTS_OF_TWO_CORES._replace(cores=8)


def named(recipe=RECIPE, **facts):
    return [(str(setting), setting) for setting in settings_to_try(recipe, FACTS._replace(**facts))]


def reasons(**facts):
    return {name: setting.why_not for name, setting in named(**facts) if setting.why_not}


def test_what_a_recipe_does_not_have_is_tried(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    tried = [name for name, setting in named() if not setting.why_not]
    assert tried[:7] == [
        "steps_per_execution=10", "precision=mixed_bfloat16", "batch_size=128", "batch_size=256",
        "jit_compile=true", "TF_ENABLE_ONEDNN_OPTS=1", "threads=4",
    ]  # fmt: skip
    fast = RECIPE.replace({"steps_per_execution": 10, "precision": "mixed_bfloat16"})
    tried = [name for name, _ in named(fast, compiled=True)]
    assert {"steps_per_execution=1", "precision=float32", "jit_compile=false"} <= {*tried}


@pytest.mark.parametrize(
    ("facts", "name", "reason"),
    [
        ({"backend": "torch"}, "steps_per_execution", "each step is a call"),
        ({"steps_per_epoch": 23}, "steps_per_execution", "no number from 2 to 16 divides the 23"),
        ({"backend": "jax", "compiled": True}, "jit_compile", "on JAX, steps are compiled"),
        ({"batch_size": 700}, "batch_size", "more than half of the training images"),
        ({"cores": 1}, "threads", "there is one core"),
        ({}, "layout", "(height, width, channels)"),
    ],
)
def test_what_cannot_be_tried_says_why(facts, name, reason):
    assert reason in reasons(**facts)[name]


def test_onednn_is_tried_as_it_is_not_and_on_tensorflow_alone(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    tried = dict(named())
    assert tried["TF_ENABLE_ONEDNN_OPTS=0"].variables == {"TF_ENABLE_ONEDNN_OPTS": "0"}
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert "TF_ENABLE_ONEDNN_OPTS=1" in dict(named())
    assert not [name for name, _ in named(backend="torch") if "ONEDNN" in name]


def test_a_backend_that_is_not_installed_is_not_tried(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert reasons()["KERAS_BACKEND=jax"] == "it is not installed"


def test_a_step_count_follows_the_batch_size_that_is_set_with_it():
    settings = dict(named())
    both = [settings["steps_per_execution=10"], settings["batch_size=256"]]
    assert joined(both, FACTS).changes == {"batch_size": 256, "steps_per_execution": 5}
    assert joined(both, FACTS._replace(fixed_steps=True)).changes["steps_per_execution"] == 10
    assert joined(both[:1], FACTS) == _several_steps(RECIPE, FACTS)
