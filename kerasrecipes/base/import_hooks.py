"""Actions that wait until another library is imported."""

import functools
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType


def when_imported(library: str, package: str, action: Callable[[], object]) -> None:
    """Calls an action when a library has been imported; at once if it has been already.

    The action may import any module of a package that needs the library. Where one of these is the
    first to import it, the action waits for the outermost of them to end: from a module that is
    half imported, no other can import what it lacks yet. If an import fails, it waits for the next.

    Args:
        library: The library's name, without a dot.
        package: The package's name, without a dot.
        action: Is called once, without arguments.
    """
    if library in sys.modules:
        action()
    else:
        sys.meta_path.insert(0, _Waiting(library, package, action))


class _Waiting:
    """A finder that leaves finding to those behind it, and is told when an import ends.

    It stays in `sys.meta_path` when all is done: to remove it there would make another thread that
    is looking for a module skip a finder.
    """

    def __init__(self, library: str, package: str, action: Callable[[], object]):
        self.library = library
        self.package = package
        self.action: Callable[[], object] | None = action
        self.unfinished: set[str] = set()

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        if self.action is None:
            return None
        if name != self.library and not name.startswith(f"{self.package}."):
            return None
        behind = sys.meta_path[sys.meta_path.index(self) + 1 :]
        found = (finder.find_spec(name, path, target) for finder in behind)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            execute = functools.partial(self._execute, spec.loader.exec_module)
            # Of this spec alone, and only this: whoever asks the loader for more gets the same.
            spec.loader.exec_module = execute  # type: ignore[method-assign]
        return spec

    def _execute(self, execute: Callable[[ModuleType], object], module: ModuleType) -> None:
        self.unfinished.add(module.__name__)
        try:
            execute(module)
        finally:
            self.unfinished.discard(module.__name__)
        if self.action is not None and not self.unfinished and self.library in sys.modules:
            action, self.action = self.action, None
            action()
