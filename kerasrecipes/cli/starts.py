"""The model that a recipe starts from, for commands that build the recipe."""

from kerasrecipes.cli.command import Request


def trained_start(asked: Request, dataset):
    """Returns the model that a recipe starts from, which is trained unless it has been.

    Args:
        asked: The request.
        dataset: The recipe's loaded data.
    """
    from kerasrecipes.training import train
    from kerasrecipes.training.building.start import start_model

    def train_start(recipe):
        print("The recipe starts from another, which is trained first.", flush=True)
        return train(recipe, directory=asked.directory, name=f"{asked.name}-start", verbose=2)

    return start_model(asked.recipe, dataset, asked.directory, train_start)
