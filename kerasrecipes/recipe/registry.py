"""Names of components: ours, then Keras's, then `"package>Name"`, then a user's `"module:Name"`.

Classes are the only schema. What may stand in a recipe follows from what the packages below export
and from the signatures of that; nothing describes a component a second time. Packages are imported
by name and only when a name is asked for, so that this module costs nothing to import.
"""

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from kerasrecipes.base.checks import check_choice, nearest
from kerasrecipes.recipe import qualified_names
from kerasrecipes.recipe.families import FAMILIES, Family, check_family, of_keras
from kerasrecipes.recipe.hints import how_to_name
from kerasrecipes.recipe.signatures import BUILDER_ARGUMENTS, INITIALIZATION_ARGUMENTS

# What tells the components of the other families from what else their package exports.
_KINDS: dict[str, Callable[[object], bool]] = {
    "data": lambda export: inspect.isclass(export) and hasattr(export, "load"),
    "model": lambda export: _positional(export) == BUILDER_ARGUMENTS[:2],
    "averaging": lambda export: inspect.isclass(export) and hasattr(export, "averages"),
    "sampling": lambda export: _inherits(export, "class_shares"),
    "step": lambda export: _inherits(export, "put_on"),
    "initialization": lambda export: _positional(export) == INITIALIZATION_ARGUMENTS,
}

# Options that may be a schedule although their names do not end in "schedule".
_SCHEDULED_OPTIONS = ("learning_rate", "momentum")


def names(family: str) -> dict[str, Callable]:
    """Returns the components of a family, ours first, each list in alphabetical order.

    Args:
        family: One of `FAMILIES`.

    Returns:
        A dictionary from name to class (or builder function, for models).
    """
    check_choice("family", family, FAMILIES)
    return dict(_components(family))


def import_components() -> None:
    """Imports every package that exports components, which registers their classes with Keras."""
    for family in FAMILIES.values():
        _ours(family)  # Of a lazy package, that imports what it exports.


def resolve(name: str, family: str | None = None) -> Callable:
    """Returns the class, or a model's builder, that `name` stands for.

    Args:
        name: `"Name"`, `"package>Name"` (registered with `keras.saving`) or `"module:Name"`.
        family: One of `FAMILIES`, or `None` to look in all of them.

    Raises:
        ValueError: If there is no such component, with the nearest name, or if it is none of the
            family.
    """
    component = candidates(name, family)[0]
    if family:
        check_family(component, name, family)
    return component


def known(name: str, family: str | None = None) -> Callable | None:
    """Returns what `resolve` does, or `None` if that would import a module for the first time."""
    component = next(iter(candidates(name, family, may_import=False)), None)
    if component is not None and family:
        check_family(component, name, family)
    return component


def candidates(name: str, family: str | None = None, may_import: bool = True) -> list[Callable]:
    """Returns all components that `name` may stand for; see `resolve`.

    Keras uses some names twice, such as `CategoricalCrossentropy` for a loss and for a metric.
    A user's own component is left out if its module would have to be imported, and must not be.
    """
    if not isinstance(name, str):
        raise TypeError(f"A component is named by a string. Received: {name!r}")
    if qualified_names.is_users_own(name):
        find = qualified_names.imported if may_import else qualified_names.imported_before
        return [component for component in [find(name)] if component is not None]
    if ">" in name:
        return [qualified_names.registered(name)]
    if family is None and (source := data_source(name)):
        return [source]
    families = [family] if family else list(FAMILIES)
    found = [names(f)[name] for f in families if name in names(f)]
    if not found:
        raise ValueError(_unknown(name, family, families))
    return found


def data_source(name: str) -> Callable | None:
    """Returns the data source of a name; `None` if there is none.

    No component of another family has its name. Neither Keras nor a backend is imported, which
    takes many times as long as all that is asked of a data source's signature.
    """
    package = importlib.import_module(FAMILIES["data"].package)
    export = getattr(package, name) if name in package.__all__ else None
    return export if _KINDS["data"](export) else None


def family_of(option: str) -> str | None:
    """Returns the family that an option's name implies: "regularizer" for `*_regularizer`."""
    if option in _SCHEDULED_OPTIONS:
        return "schedule"
    return next((f for f in FAMILIES if option == f or option.endswith(f"_{f}")), None)


def is_ours(component: Callable) -> bool:
    """Returns whether a component comes from this package."""
    return component.__module__.split(".")[0] == "kerasrecipes"


def summary(component: Callable) -> str:
    """Returns the first line of a component's docstring, without its full stop."""
    return (inspect.getdoc(component) or "").strip().split("\n", 1)[0].rstrip(".")


@functools.cache
def _components(family: str) -> dict[str, Callable]:
    found: dict[str, Callable] = {}
    for exports in (_ours(FAMILIES[family]), _thoseof_keras(FAMILIES[family])):
        for name, export in sorted(exports.items()):
            if _belongs(export, family):
                found.setdefault(name, export)
    return found


def _ours(family: Family) -> dict[str, Any]:
    if not family.package:
        return {}
    package = importlib.import_module(family.package)
    return {name: getattr(package, name) for name in package.__all__}


def _thoseof_keras(family: Family) -> dict[str, Any]:
    if not family.base:
        return {}
    exports = vars(of_keras(family.base.rpartition(".")[0]))
    return {name: export for name, export in exports.items() if inspect.isclass(export)}


def _belongs(export: Any, family: str) -> bool:
    """Returns whether an export is a component of a family, and no base class of components."""
    if family in _KINDS:
        return _KINDS[family](export)
    base = of_keras(FAMILIES[family].base)
    made = inspect.signature(export).return_annotation if inspect.isfunction(export) else export
    if not inspect.isclass(made) or not issubclass(made, base):
        return False
    return made is not base and not _is_base_of_ours(made)


def _is_base_of_ours(component: type) -> bool:
    """Returns whether a class of ours is only there to be inherited from.

    Keras finds what it saves by its `get_config` again under a registered name. A base has none.
    """
    from keras.saving import get_registered_name

    is_saved = is_ours(component) and hasattr(component, "get_config")
    return is_saved and get_registered_name(component) == component.__name__


def _inherits(export: object, method: str) -> bool:
    """Returns whether an export is a class whose base has a method, and not that base itself."""
    return isinstance(export, type) and hasattr(export.__base__, method)


def _positional(export: object) -> tuple[str, ...]:
    """Returns the names of the positional arguments of a function; of anything else none."""
    if not inspect.isfunction(export):
        return ()
    parameters = inspect.signature(export).parameters.values()
    return tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)


def _unknown(name: str, family: str | None, families: list[str]) -> str:
    known = [n for f in families for n in names(f)]
    what = f"{family} " if family else ""
    hint = how_to_name(name, family) or nearest(name, known)
    message = f"There is no {what}component {name!r}.{hint}"
    if family and len(known) <= 40:
        return f"{message} Available: {', '.join(known)}."
    return f"{message} `kerasrecipes list {family or 'FAMILY'}` shows what there is."
