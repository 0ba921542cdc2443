"""Hints for names that are no component's, but that users give for something else."""

import inspect


def how_to_name(name: str, family: str | None) -> str:
    r"""Returns how to give what a name seems to mean; empty if there is nothing to say.

    Example:

    >>> how_to_name("RandomFlip,RandomRotation", "layer")
    ' Several are a list: \'["RandomFlip", "RandomRotation"]\'.'
    """
    import keras

    network = getattr(keras.applications, name, None)
    if family in (None, "model") and inspect.isfunction(network):
        return (
            f" It is a pretrained network: use('Pretrained', backbone={name!r}), or --set "
            f"model=Pretrained --set model.backbone={name}."
        )
    if "," in name:
        listed = ", ".join(f'"{part.strip()}"' for part in name.split(","))
        return f" Several are a list: '[{listed}]'."
    return ""
