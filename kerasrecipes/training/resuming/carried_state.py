"""State that a checkpoint carries over besides the model's: of callbacks and random generators."""

from collections.abc import Callable, Iterable

import keras
import numpy as np

from kerasrecipes.recipe.signatures import arguments

STEP_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")


def callback_state(callback: keras.callbacks.Callback) -> dict:
    """Returns the attributes of a callback that are plain values or arrays and no arguments.

    Arguments are given again when training resumes. They must not be restored on top, because a
    callback may change them: Keras's `EarlyStopping` flips the sign of its `min_delta`.
    """
    return {name: value for name, value in _own(callback).items() if _is_plain(value)}


def check_carried(callbacks: Iterable[keras.callbacks.Callback]) -> None:
    """Raises a `ValueError` if a callback's state cannot be carried over within an epoch.

    Such a callback has state that is neither plain nor a function, like an open file; or it is
    called at every step, and would be told that a resumed epoch begins with step 0. If it counts
    steps otherwise, its class says so by `resumes_within_epochs = True`.
    """
    for callback in callbacks:
        own = {n: v for n, v in _own(callback).items() if not (_is_plain(v) or callable(v))}
        if own:
            why = f"its attribute {next(iter(own))!r} is neither a number, a text nor an array"
        elif sees_steps(callback) and not getattr(callback, "resumes_within_epochs", False):
            why = "it is called at every step, and counts steps from the beginning of an epoch"
        else:
            continue
        raise ValueError(
            "With `checkpoint_minutes`, an epoch may be resumed in its middle, and the state of "
            f"{type(callback).__name__} cannot be carried over: {why}. Leave one of the two out, "
            "or make epochs shorter by `steps_per_epoch`."
        )


def sees_steps(callback: Callable | keras.callbacks.Callback) -> bool:
    """Returns whether a callback, or a class of callbacks, is called at every training step."""
    return any(_is_own(getattr(callback, hook, None), hook) for hook in STEP_HOOKS)


def global_random_state() -> list[np.ndarray]:
    """Returns the states of PyTorch's global generators, which unseeded dropout draws from.

    The other backends have none: the list is empty.
    """
    if keras.backend.backend() != "torch":
        return []
    import torch

    return [s.numpy() for s in (torch.get_rng_state(), *torch.cuda.get_rng_state_all())]


def seeded_random_state(seed: int) -> list[np.ndarray]:
    """Seeds PyTorch's global generators, whatever was drawn from them, and returns their states."""
    if keras.backend.backend() == "torch":
        import torch

        torch.manual_seed(seed)
    return global_random_state()


def set_global_random_state(states: list[np.ndarray]) -> None:
    """Gives PyTorch's global generators their states back."""
    if states:
        import torch

        own, *devices = (torch.from_numpy(state.copy()) for state in states)
        torch.set_rng_state(own)
        for index, state in enumerate(devices[: torch.cuda.device_count()]):
            torch.cuda.set_rng_state(state, index)


def _own(callback: keras.callbacks.Callback) -> dict:
    given = {"params", "_model", *arguments(type(callback))}
    return {name: value for name, value in vars(callback).items() if name not in given}


def _is_own(hook: object, name: str) -> bool:
    """Returns whether a hook is another function than that of Keras's base class."""
    return getattr(hook, "__func__", hook) is not getattr(keras.callbacks.Callback, name)


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(v) for v in value)
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    return value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic)
