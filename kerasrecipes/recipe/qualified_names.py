"""Components under qualified names: `"package>Name"`, and `"module:Name"` of users' own modules.

To import a module is to run its code. So the text of a recipe never imports one by being read: a
module is imported where a program says `use("module:Name")`, or where the component is built. The
command line decides further by `importing`.
"""

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator

from kerasrecipes.base.checks import nearest

# Tells whether a module may be imported. `None`: whatever a program asks for.
_permit: Callable[[str], bool] | None = None


class CodeNotAllowedError(ValueError):
    """A component that is not built, because nobody has allowed to run the module it is in."""

    def __init__(self, *modules: str):
        super().__init__(
            f"This recipe names code in {_named(modules)}, which may do whatever it likes on this "
            "machine. If you know and trust it, allow it once by --allow-code; the answer is "
            "remembered for this working directory."
        )


@contextlib.contextmanager
def importing(permit: Callable[[str], bool] | None) -> Iterator[None]:
    """Asks a function before a user's own module is imported, in all threads.

    Args:
        permit: Called with the name of a module; returns whether it may be imported. `None` stands
            for a program, which asks for nothing but what its author wants.
    """
    global _permit
    before, _permit = _permit, permit
    try:
        yield
    finally:
        _permit = before


def is_users_own(name: str) -> bool:
    """Returns whether a component's name stands for one in a user's own module."""
    return ":" in name


def imported(name: str) -> Callable:
    """Returns what `"module:Name"` stands for, and imports the module.

    Raises:
        CodeNotAllowedError: If the module must not be imported.
        ValueError: If the name has another form, or there is no such module or attribute.
        TypeError: If it is neither a class nor a function.
    """
    path, attribute = _parts(name)
    if _permit is not None and not _permit(path):
        raise CodeNotAllowedError(path)
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


def imported_before(name: str) -> Callable | None:
    """Returns what `"module:Name"` stands for, or `None` if that would run code for the first time.

    Raises:
        ValueError: As `imported`.
        TypeError: As `imported`.
    """
    path, _ = _parts(name)
    known = path in sys.modules if _permit is None else _permit(path)
    return imported(name) if known else None


def modules_of(names) -> list[str]:
    """Returns the users' own modules among components' names, each once, in alphabetical order."""
    return sorted({_parts(name)[0] for name in names if is_users_own(name)})


def refused(modules: list[str]) -> list[str]:
    """Returns those of some modules that must not be imported."""
    return [module for module in modules if _permit is not None and not _permit(module)]


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


def _parts(name: str) -> tuple[str, str]:
    """Returns the module and the attribute that a name consists of."""
    path, _, attribute = name.partition(":")
    if not all(part.isidentifier() for part in (*path.split("."), attribute)):
        raise ValueError(f"A component of yours is named 'module:Name'. Received: {name!r}")
    return path, attribute


def _named(modules: tuple[str, ...]) -> str:
    names = ", ".join(f"`{module}`" for module in modules)
    return f"the module{'s' if len(modules) > 1 else ''} {names}"
