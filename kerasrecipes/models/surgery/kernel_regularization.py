"""Regularizer or constraint for the kernels of any model."""

import keras

from kerasrecipes.base.kernels import is_kernel


def regularize_kernels(
    model: keras.Model,
    regularizer: keras.regularizers.Regularizer | None = None,
    constraint: keras.constraints.Constraint | None = None,
) -> None:
    """Gives the kernels of a built model a regularizer or a constraint, in place of their own.

    Biases and the scales and offsets of normalization are left alone. The regularizer and the
    constraint are not saved in the file of the model, because they belong to its training.

    Args:
        model: A built model that is not compiled yet.
        regularizer: Penalty that is added to the loss for each trainable kernel, or `None`.
        constraint: Constraint that each trainable kernel satisfies after a step, or `None`. If it
            has an `axis`, as `MaxNorm` has, that is set to all axes of a kernel except the last:
            the constraint applies to the incoming weights of each unit, or of each channel of a
            convolution.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    >>> regularize_kernels(model, keras.regularizers.L2(0.1), keras.constraints.MaxNorm(2.0))
    >>> [(w.name, w.regularizer is not None, w.constraint is not None) for w in model.weights]
    [('kernel', True, True), ('bias', False, False)]

    Reference:
        Srivastava et al., 2014, https://jmlr.org/papers/v15/srivastava14a.html, section 5.1
        (max-norm, with bounds of 3 or 4).
    """
    for variable in model.trainable_variables:
        if is_kernel(variable):
            if regularizer is not None:
                variable.regularizer = regularizer
            if constraint is not None:
                variable.constraint = _along_inputs(constraint, variable)


def _along_inputs(constraint, kernel):
    """Returns a constraint whose `axis`, if it has one, is all axes of the kernel but the last."""
    config = constraint.get_config()
    if "axis" not in config:
        return constraint
    return type(constraint).from_config({**config, "axis": list(range(len(kernel.shape) - 1))})
