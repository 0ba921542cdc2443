"""Components under qualified names: `"package>Name"` and `"module:Name"`."""

import importlib
from collections.abc import Callable

from kerasrecipes.base.checks import nearest


def imported(name: str) -> Callable:
    """Returns what `"module:Name"` stands for, and imports the module.

    Raises:
        ValueError: If the name has another form, or there is no such module or attribute.
        TypeError: If it is neither a class nor a function.
    """
    path, _, attribute = name.partition(":")
    if not all(part.isidentifier() for part in (*path.split("."), attribute)):
        raise ValueError(f"A component of yours is named 'module:Name'. Received: {name!r}")
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if not f"{path}.".startswith(f"{error.name}."):
            raise  # It is there, and imports something that is not.
        raise ValueError(
            f"There is no module {path!r}: it must be importable, from the current directory or "
            f"installed. Received: {name!r}"
        ) from error
    if not hasattr(module, attribute):
        public = [n for n in dir(module) if not n.startswith("_")]
        raise ValueError(
            f"Module {path!r} has no {attribute!r}.{nearest(attribute, public)} Received: {name!r}"
        )
    component = getattr(module, attribute)
    if not callable(component):
        raise TypeError(f"{name!r} must be a class or a function. Received: {component!r}")
    return component


def registered(name: str) -> Callable:
    """Returns the class that is registered with Keras as `"package>Name"`.

    Raises:
        ValueError: If there is none.
    """
    import keras

    component = keras.saving.get_registered_object(name)
    if component is None:
        raise ValueError(
            f"No class is registered with Keras as {name!r}: import the module that registers it "
            f"(`keras.saving.register_keras_serializable`) first. Received: {name!r}"
        )
    return component
