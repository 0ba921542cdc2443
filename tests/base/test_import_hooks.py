import importlib
import inspect
import sys
import textwrap
import threading

import pytest

from kerasrecipes.base.import_hooks import when_imported

# The package needs the library in its innermost module; outer is not whole until that is.
FILES = {
    "a_library.py": """
        import os, pathlib, time
        time.sleep(float(os.environ.get("A_LIBRARY_SECONDS", 0)))
        if pathlib.Path(__file__).with_name("broken").exists():
            raise RuntimeError("The library finds no backend.")
        whole = True
    """,
    "a_package/__init__.py": "",
    "a_package/outer.py": """
        from a_package.inner import value
        whole = True
    """,
    "a_package/inner.py": """
        import a_library
        value = 1
    """,
    "a_package/broken.py": """
        import a_library
        raise RuntimeError("This module is broken.")
    """,
    "a_package/light.py": "",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Makes a library and a package importable, both new to this process."""
    for name, source in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] in ("a_library", "a_package")]:
        del sys.modules[name]


@pytest.fixture
def calls(folder):
    """What was whole each time that the action was called, which needs the package's modules."""
    return []


@pytest.fixture
def wait(calls):
    def action():
        outer = importlib.import_module("a_package.outer")
        library = sys.modules["a_library"]
        calls.append((hasattr(outer, "whole"), hasattr(library, "whole")))

    return lambda: when_imported("a_library", "a_package", action)


@pytest.mark.parametrize("first", ["a_library", "a_package.inner", "a_package.outer"])
def test_the_action_is_called_at_once_after_the_library(first, wait, calls):
    importlib.import_module(first)
    wait()
    assert calls == [(True, True)]


@pytest.mark.parametrize("first", ["a_library", "a_package.inner", "a_package.outer"])
def test_the_action_waits_for_the_library_and_for_what_imports_it(first, wait, calls):
    wait()
    importlib.import_module("a_package.light")
    assert calls == []
    importlib.import_module(first)
    assert calls == [(True, True)]
    importlib.import_module("a_package.outer")
    importlib.import_module("a_package.light")
    assert calls == [(True, True)]


@pytest.mark.parametrize("first", ["a_library", "a_package.outer"])
def test_an_import_that_fails_says_its_own_error_and_may_be_tried_again(first, folder, wait, calls):
    wait()
    (folder / "broken").touch()
    with pytest.raises(RuntimeError, match="finds no backend"):
        importlib.import_module(first)
    assert calls == []
    (folder / "broken").unlink()
    importlib.import_module(first)
    assert calls == [(True, True)]


def test_a_module_of_the_package_that_fails_leaves_the_action_to_the_next(wait, calls):
    wait()
    with pytest.raises(RuntimeError, match="This module is broken"):
        importlib.import_module("a_package.broken")
    assert calls == []
    importlib.import_module("a_package.light")
    assert calls == [(True, True)]


def test_the_error_of_the_action_is_raised_once(folder):
    def action():
        raise RuntimeError("The action failed.")

    when_imported("a_library", "a_package", action)
    with pytest.raises(RuntimeError, match="The action failed"):
        importlib.import_module("a_library")
    assert importlib.import_module("a_library").whole


def test_several_wait_for_one_library(wait, calls):
    wait()
    wait()
    importlib.import_module("a_package.outer")
    assert calls == [(True, True)] * 2


def test_modules_keep_their_loaders(wait, calls, folder):
    wait()
    outer = importlib.import_module("a_package.outer")
    assert inspect.getsource(outer) == textwrap.dedent(FILES["a_package/outer.py"])
    assert outer.__spec__.loader.get_filename() == str(folder / "a_package" / "outer.py")
    assert importlib.reload(outer) is outer
    assert calls == [(True, True)]


def test_two_threads_that_import_at_a_time_call_the_action_once(wait, calls, monkeypatch):
    monkeypatch.setenv("A_LIBRARY_SECONDS", "0.2")
    wait()
    names = ["a_package.outer", "a_library"]
    threads = [threading.Thread(target=importlib.import_module, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    assert calls == [(True, True)]
