"""Private names of PyTorch about random numbers."""

import keras


def gamma(shape, alpha: float, seed: keras.random.SeedGenerator):
    """Returns what `keras.random.gamma` returns, and leaves global random numbers alone.

    Uses: `torch._standard_gamma`, from which `torch.distributions.Gamma` draws.

    Reason: on PyTorch, Keras's function sets the process's global generator to its seed and then
    back. If two threads draw, or one draws while another applies dropout, numbers change from run
    to run. No public function of PyTorch draws gamma variables from a generator of one's own.

    Fallback: Keras's function.

    Test: `tests/layers/augmentation/test_mixed_samples.py`.
    """
    if keras.backend.backend() != "torch":
        return keras.random.gamma(shape, alpha, seed=seed)
    import torch

    concentration = keras.ops.full(shape, alpha, dtype="float32")
    draw = getattr(torch, "_standard_gamma", None)
    if draw is None or concentration.is_meta:
        return keras.random.gamma(shape, alpha, seed=seed)
    first, second = seed.next()
    generator = torch.Generator(concentration.device)
    generator.manual_seed(int(first + second) & 0xFFFFFFFF)
    return draw(concentration, generator=generator)
