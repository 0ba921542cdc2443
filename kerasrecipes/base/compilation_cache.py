"""The folder in which JAX keeps what it has compiled, for later processes."""

import os

import keras

from kerasrecipes.base.files import cache_folder

# What was not used for longest is deleted first. A network's programs take a few MB.
MOST_BYTES = 2**30


def keep_compiled() -> None:
    """Lets JAX keep what it compiles in a folder and find it there in later processes.

    The folder is `jax` in `cache_folder`. Nothing changes with another backend; if JAX has been
    given a folder (`JAX_COMPILATION_CACHE_DIR`) or told to keep nothing
    (`JAX_ENABLE_COMPILATION_CACHE=false`); or if the folder cannot be written.
    """
    if keras.backend.backend() != "jax":
        return
    import jax

    if jax.config.jax_compilation_cache_dir or not jax.config.jax_enable_compilation_cache:
        return
    folder = cache_folder("jax")
    try:
        # JAX runs what it finds there, so nobody else may write into it.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return
    if not os.access(folder, os.W_OK):
        return
    jax.config.update("jax_compilation_cache_max_size", MOST_BYTES)
    # By default JAX keeps only what took a second to compile. A network has hundreds of less.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_compilation_cache_dir", str(folder))
