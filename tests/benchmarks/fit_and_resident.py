"""Weights of one recipe after `fit` and after a training that the device keeps to itself."""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def weights_of_both(epochs: int, augment: list) -> tuple[list, list]:
    """Returns the weights after each; call it in a process whose backend is JAX."""
    sys.path.insert(0, str(BENCHMARKS))
    from steps.resident import ResidentTraining

    from kerasrecipes.training.building.inputs import fit_inputs

    fitted, resident = _built(epochs, augment), ResidentTraining(_built(epochs, augment))
    inputs = fit_inputs(fitted, None, range(epochs))
    fitted.model.fit(**inputs, epochs=epochs, steps_per_epoch=fitted.length.steps_per_epoch)
    assert resident.run() > 0
    return fitted.model.get_weights(), resident.built.model.get_weights()


def refusal(changes: dict) -> str:
    """Returns what is said of a recipe that cannot be trained so."""
    sys.path.insert(0, str(BENCHMARKS))
    from steps.resident import ResidentTraining

    try:
        ResidentTraining(_built(1, [], changes))
    except ValueError as error:
        return str(error)
    return "nothing"


def _built(epochs: int, augment: list, changes: dict | None = None):
    from kerasrecipes import Recipe, use
    from kerasrecipes.training.building.build import build_recipe

    inner = use("SGD", learning_rate=use("LinearDecay", initial_learning_rate=0.05), momentum=0.6)
    muon = use("KernelMuon", optimizer=inner, steps=3, normalize_kernels=True)
    recipe = Recipe(
        data=use("Digits", examples_per_class=12, validation_fraction=0.1),
        augment=augment,
        model=use("ResNetCIFAR", depth=8, filters=4),
        optimizer=use("Lookahead", sync_period_steps=3, optimizer=muon),
        epochs=epochs,
        batch_size=12,
    ).replace(changes or {})
    return build_recipe(recipe, recipe.data.build("data").load())
