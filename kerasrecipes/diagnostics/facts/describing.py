"""All facts of a training, before it."""

import importlib.metadata

import keras

from kerasrecipes.diagnostics.facts.built_copies import built_copy
from kerasrecipes.diagnostics.facts.datasets import data_facts
from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.facts.models import model_facts
from kerasrecipes.diagnostics.facts.optimizers import optimizer_facts
from kerasrecipes.diagnostics.facts.outputs import output_facts
from kerasrecipes.diagnostics.record.record import Record


def described(model, given: Given | None = None, total_steps: int | None = None) -> Record:
    """Returns a record of all facts of a model and its data.

    Args:
        model: A Keras model, compiled or not. It stays as it is.
        given: The data that it is trained on, as `given_data` returns them.
        total_steps: Positive integer. Steps of the training, if they are known.
    """
    missing = dict(given.missing) if given is not None else {}
    shown = model if given is None else built_copy(model, given.x)
    if not shown.built:
        missing["model"] = "The model is not built."
    if not model.compiled:
        missing["optimizer"] = "The model is not compiled."
    return Record(
        model=model_facts(shown),
        outputs=output_facts(model, given),
        optimizer=optimizer_facts(getattr(model, "optimizer", None), total_steps),
        data=None if given is None else data_facts(given),
        versions=_versions(),
        missing=missing,
    )


def _versions() -> dict[str, str]:
    return {
        "kerasrecipes": importlib.metadata.version("kerasrecipes"),
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }
