"""A penalty on the kernels of any model, or a bound on them."""

import keras

from kerasrecipes.base.kernels import is_kernel


def regularize_kernels(
    model: keras.Model,
    regularizer: keras.regularizers.Regularizer | None = None,
    constraint: keras.constraints.Constraint | None = None,
) -> None:
    """Gives the kernels of a built model a regularizer or a constraint, in place of their own.

    Biases and the scales and offsets of normalization are left alone. What is given belongs to the
    training of `model`, and is not in its file.

    Args:
        model: A built model that is not compiled yet.
        regularizer: Penalty that is added to the loss for each trainable kernel, or `None`.
        constraint: What each trainable kernel is brought to after a step, or `None`. Where it has
            an `axis`, as `MaxNorm`, that becomes all axes of a kernel but the last: it is about the
            incoming weights of each unit, or of each channel of a convolution.

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
    config = constraint.get_config()
    if "axis" not in config:
        return constraint
    return type(constraint).from_config({**config, "axis": list(range(len(kernel.shape) - 1))})
