"""Class sampling: the share of each class in the training images that are drawn."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from kerasrecipes.base.checks import check_integer, check_number, nearest
from kerasrecipes.base.text import listed
from kerasrecipes.data.balancing.effective_sample_numbers import effective_numbers
from kerasrecipes.data.balancing.sampled_order import SampledClasses


class ClassSampling:
    """Draws classes in training by shares that a subclass computes, in `class_shares`.

    A recipe takes a subclass as `sampling`. Such a subclass gives its options to `__init__`.

    Args:
        start_steps: Until this step, training takes every image once in each pass; from it on,
            classes are drawn by their shares. In a recipe, give `start_epochs`.
    """

    def __init__(self, start_steps: int = 0):
        check_integer("start_steps", start_steps, at_least=0)
        self.start_steps = start_steps

    def class_shares(self, counts: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
        """Returns the share of each class in what is drawn, with a sum of 1.

        Args:
            counts: The number of training images of each class, `(classes,)`.
            class_names: The names of the classes.
        """
        raise NotImplementedError

    def on(self, labels: np.ndarray, class_names: Sequence[str]) -> SampledClasses:
        """Returns what is drawn of training images.

        Args:
            labels: Their labels, integers of shape `(samples,)`.
            class_names: The names of the classes.

        Raises:
            ValueError: If labels are soft, or a class that is to be drawn has no images.
        """
        labels = np.asarray(labels)
        if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(
                "Classes can be drawn by their shares only if each image has one class: `labels` "
                "must be integers of shape (samples,). Leave out `sampling` for soft labels. "
                f"Received: labels.dtype={labels.dtype}, labels.shape={labels.shape}"
            )
        counts = np.bincount(labels, minlength=len(class_names))
        shares = self.class_shares(counts, class_names)
        missing = [
            name
            for name, count, share in zip(class_names, counts, shares, strict=True)
            if not count and share
        ]
        if missing:
            raise ValueError(
                "Every class that is drawn must have an image in training. Add images, leave the "
                'class out of the data, or give it the share 0: use("GivenShares", shares=...). '
                f"Received: none of {listed(map(repr, missing))}"
            )
        return SampledClasses(tuple(shares.tolist()), self.start_steps)


class PowerSampling(ClassSampling):
    """Draws each class with a share that is a power of its number of images.

        share_c = n_c^exponent / sum over classes of n^exponent

    With an exponent of 0 all classes are drawn equally often (class-balanced, or class-aware,
    sampling), with 0.5 by the square root of their number, and with 1 as the data have them. The
    images of a class are drawn in turn, in an order of their own in each turn, and augmented anew.

    An epoch has as many steps as without it: frequent classes are seen less, rare ones more often.

    Args:
        exponent: Float. Defaults to `0.0`.
        start_steps: Integer, the step from which on classes are drawn so. Before it, every image is
            taken once in each pass ("deferred re-sampling"). Defaults to `0`. In a recipe, it may
            be given in epochs, `start_epochs`.

    Example:

    >>> sampling = PowerSampling(exponent=0.5)
    >>> sampling.class_shares(np.array([900, 100]), ["cat", "dog"]).round(3).tolist()
    [0.75, 0.25]

    Reference:
        Shen et al., 2016, https://arxiv.org/abs/1512.05830 (equally often);
        Mahajan et al., 2018, https://arxiv.org/abs/1805.00932 (the square root);
        Kang et al., 2020, https://arxiv.org/abs/1910.09217, equation 1 (any exponent);
        Cao et al., 2019, https://arxiv.org/abs/1906.07413 (deferred).
    """

    def __init__(self, exponent: float = 0.0, start_steps: int = 0):
        super().__init__(start_steps)
        check_number("exponent", exponent)
        self.exponent = exponent

    def class_shares(self, counts: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
        # A class without images counts as one, so that it is missed, whatever the exponent.
        logarithms = self.exponent * np.log(np.maximum(counts, 1))
        powers = np.exp(logarithms - logarithms.max())
        return powers / powers.sum()


class EffectiveNumberSampling(ClassSampling):
    """Draws each class so often as a class-balanced loss would weight it.

        share_c = n_c / E_c / sum over classes of n / E,   E_c = (1 - beta^n_c) / (1 - beta)

    `E` is the effective number of samples. With `beta=0` classes are drawn as the data have them;
    towards 1 they are drawn equally often.

    Args:
        beta: Float in `[0, 1)`. Defaults to `0.999`; the paper tries 0.9, 0.99, 0.999 and 0.9999.
        start_steps: As in `PowerSampling`. Defaults to `0`.

    Differs from the paper in: it weights the loss so; the expected gradient is the same.

    Example:

    >>> sampling = EffectiveNumberSampling(beta=0.999)
    >>> sampling.class_shares(np.array([5000, 50]), ["cat", "dog"]).round(3).tolist()
    [0.831, 0.169]

    Reference:
        Cui et al., 2019, https://arxiv.org/abs/1901.05555
    """

    def __init__(self, beta: float = 0.999, start_steps: int = 0):
        super().__init__(start_steps)
        check_number("beta", beta, at_least=0, below=1)
        self.beta = beta

    def class_shares(self, counts: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
        counted = np.maximum(counts, 1)
        drawn = counted / effective_numbers(counted, self.beta)
        return drawn / drawn.sum()


class GivenShares(ClassSampling):
    """Draws each class with a share that is given.

    Args:
        shares: Dictionary from the name of each class to its share, a number of at least 0. They
            sum to 1.
        start_steps: As in `PowerSampling`. Defaults to `0`.

    Raises:
        ValueError: If the shares do not sum to 1, or (in a training) they name other classes.

    Example:

    >>> sampling = GivenShares({"cat": 0.6, "dog": 0.4})
    >>> sampling.class_shares(np.array([900, 100]), ["dog", "cat"]).tolist()
    [0.4, 0.6]
    """

    def __init__(self, shares: Mapping[str, float], start_steps: int = 0):
        super().__init__(start_steps)
        for name, share in shares.items():
            check_number(f"shares.{name}", share, at_least=0)
        if not math.isclose(total := sum(shares.values()), 1, abs_tol=1e-6):
            divided = {name: round(share / total, 4) for name, share in shares.items() if total}
            instead = f" These would: {divided}." if divided else ""
            raise ValueError(f"`shares` must sum to 1.{instead} Received: a sum of {total:g}")
        self.shares = shares

    def class_shares(self, counts: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
        for name in self.shares:
            if name not in class_names:
                raise ValueError(
                    f"`shares` has an unknown class {name!r}.{nearest(name, class_names)} "
                    f"Classes: {', '.join(class_names)}."
                )
        if left_out := [name for name in class_names if name not in self.shares]:
            raise ValueError(
                "`shares` must have every class; one that is not to be drawn has the share 0. "
                f"Received: none for {listed(map(repr, left_out))}"
            )
        given = np.array([float(self.shares[name]) for name in class_names])
        return given / given.sum()
