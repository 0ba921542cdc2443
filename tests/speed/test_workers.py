import sys

import pytest

from kerasrecipes.engine import WorkerLostError
from kerasrecipes.engine.sharing import thread_variables
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.speed.settings import AS_IT_IS, Setting
from kerasrecipes.speed.workers import Workers

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1], examples_per_class=24),
    model=use("MLP", units=[8]),
    batch_size=12,
)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_settings_train_in_other_processes_and_what_ends_one_of_them_ends_no_other(tmp_path):
    compiled = Setting("jit_compile", False, changes={"jit_compile": False})
    dies = Setting("model", changes={"model": "tests.speed.dying:dying"})
    threads = Setting("threads", 1, variables=thread_variables(1))
    with Workers(RECIPE, tmp_path, 0.01) as workers:
        facts = workers.begin(AS_IT_IS).facts
        assert facts.steps_per_epoch == 4
        assert workers.begin(compiled).facts.compiled is False
        assert workers.turn(compiled) > 0
        with pytest.raises(WorkerLostError):
            workers.begin(dies)
        workers.drop(dies)
        assert workers.turn(AS_IT_IS) > 0, "it begins anew"
        with pytest.raises(TimeoutError):
            workers.begin(threads, timeout=0.01)
        workers.drop(threads)
        assert workers.turn(AS_IT_IS) > 0
        with pytest.raises(ValueError, match="must divide the 4 steps"):
            workers.begin(Setting("steps", changes={"steps_per_execution": 3}))
