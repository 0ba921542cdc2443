"""JAX's folder of compiled programs: where it is, what others chose, what cannot be written."""

import keras
import pytest

from kerasrecipes.base.compilation_cache import keep_compiled

jax = pytest.importorskip("jax")
OPTIONS = (
    "jax_compilation_cache_dir",
    "jax_compilation_cache_max_size",
    "jax_enable_compilation_cache",
    "jax_persistent_cache_min_compile_time_secs",
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that JAX is to be given; nobody has given it another, and the backend is JAX."""
    monkeypatch.setenv("KERASRECIPES_CACHE", str(tmp_path))
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    before = {name: getattr(jax.config, name) for name in OPTIONS}
    jax.config.update("jax_compilation_cache_dir", None)
    yield tmp_path / "jax"
    for name, value in before.items():
        jax.config.update(name, value)


def test_jax_is_given_a_folder(folder):
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir == str(folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert jax.config.jax_persistent_cache_min_compile_time_secs == 0
    assert jax.config.jax_compilation_cache_max_size == 2**30


def test_a_folder_that_jax_has_been_given_is_kept(folder):
    jax.config.update("jax_compilation_cache_dir", "elsewhere")
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir == "elsewhere"
    assert not folder.exists()


def test_nothing_is_kept_if_jax_was_told_so(folder):
    jax.config.update("jax_enable_compilation_cache", False)
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir is None
    assert not folder.exists()


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_another_backend_keeps_nothing(folder, backend, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir is None


def test_a_folder_that_cannot_be_made_is_no_failure(folder):
    folder.write_text("a file where the folder would be")
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir is None


def test_a_folder_that_cannot_be_written_is_no_failure(folder, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    keep_compiled()
    assert jax.config.jax_compilation_cache_dir is None
