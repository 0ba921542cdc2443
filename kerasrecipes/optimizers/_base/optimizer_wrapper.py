"""Base classes of optimizers that wrap another one."""

import keras

from kerasrecipes.base.private.optimizers import ShowsInnerAverages


class WithInnerOptimizer(keras.optimizers.Optimizer):
    """Base class of optimizers with another one inside: their variables, files and config.

    The attribute `optimizer` holds the inner optimizer. Keras finds it there and saves its state
    beside that of this one, which therefore saves only the variables that are its own.
    """

    optimizer: keras.optimizers.Optimizer

    @property
    def variables(self):
        return super().variables + self.optimizer.variables

    def apply_gradients(self, grads_and_vars):
        super().apply_gradients(grads_and_vars)
        return self.iterations

    def save_own_variables(self, store):
        for index, variable in enumerate(super().variables):
            store[str(index)] = keras.ops.convert_to_numpy(variable)

    def load_own_variables(self, store):
        for index, variable in enumerate(super().variables):
            variable.assign(store[str(index)])

    def get_config(self):
        return {"optimizer": public_config(self.optimizer), "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        optimizer = keras.saving.deserialize_keras_object(
            config["optimizer"], custom_objects=custom_objects
        )
        return cls(**{**config, "optimizer": optimizer})


class _InnerOption:
    """An option that a wrapper leaves to its inner optimizer, and so reads from there."""

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, wrapper, owner=None):
        return self if wrapper is None else getattr(wrapper.optimizer, self.name)

    def __set__(self, wrapper, value):
        # Keras's own `__init__` sets it before there is an inner optimizer.
        if hasattr(wrapper, "optimizer"):
            setattr(wrapper.optimizer, self.name, value)


class _InnerVariables(_InnerOption):
    """An option for which Keras's `build` makes variables: the inner optimizer's are enough."""

    def __get__(self, wrapper, owner=None):
        if wrapper is not None and wrapper.is_in_build:
            return None
        return super().__get__(wrapper, owner)


class OptimizerWrapper(ShowsInnerAverages, WithInnerOptimizer):
    """Base class of optimizers that do something before or after the inner optimizer's `apply`.

    Everything that a Keras optimizer can be given (learning rate, clipping, weight decay, averages,
    loss scale, gradient accumulation) is given to the inner optimizer, which does it.

    Args:
        optimizer: A Keras optimizer, or the name of one. It must not be in use elsewhere.
        name: String, or `None`.
    """

    is_in_build = False

    def __init__(self, optimizer, name: str | None = None):
        super().__init__(learning_rate=0.0, name=name)
        self.optimizer = resolved_optimizer(optimizer)

    def build(self, variables):
        if self.built:
            return
        if not self.optimizer.built:
            self.optimizer.build(variables)
        self.is_in_build = True
        try:
            super().build(variables)
        finally:
            self.is_in_build = False

    def apply(self, grads, trainable_variables=None):
        self._variables_of(trainable_variables)
        self.optimizer.apply(grads, trainable_variables)

    def _variables_of(self, trainable_variables):
        """Returns the variables of a call to `apply`; builds the optimizer on them if needed."""
        if trainable_variables is None:
            return self._trainable_variables
        variables = list(trainable_variables)
        self.build(variables)
        known = {id(variable) for variable in self._trainable_variables}
        unknown = [variable.path for variable in variables if id(variable) not in known]
        if unknown:
            raise ValueError(
                "An optimizer is for the variables that it was built with. If layers were "
                "unfrozen, recreate a new optimizer instance and compile the model again. "
                f"Unknown: {', '.join(unknown)}"
            )
        return variables

    def finalize_variable_values(self, var_list):
        self.optimizer.finalize_variable_values(var_list)

    def scale_loss(self, loss):
        return self.optimizer.scale_loss(loss)

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        self.optimizer.exclude_from_weight_decay(var_list=var_list, var_names=var_names)

    @property
    def iterations(self):
        return self.optimizer.iterations

    weight_decay = _InnerOption()
    clipnorm = _InnerOption()
    clipvalue = _InnerOption()
    global_clipnorm = _InnerOption()
    use_ema = _InnerVariables()
    ema_momentum = _InnerOption()
    ema_overwrite_frequency = _InnerOption()
    gradient_accumulation_steps = _InnerVariables()

    @property
    def learning_rate(self):
        return self.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        self.optimizer.learning_rate = learning_rate

    @property
    def loss_scale_factor(self):
        return self.optimizer.loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, factor):
        # Keras's own `__init__` sets it before there is an inner optimizer.
        if hasattr(self, "optimizer"):
            self.optimizer.loss_scale_factor = factor


def resolved_optimizer(optimizer) -> keras.optimizers.Optimizer:
    """Returns the optimizer that is to be wrapped, by itself or by its name.

    Raises:
        ValueError: If it is a `LossScaleOptimizer`.
    """
    optimizer = keras.optimizers.get(optimizer)
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            "`optimizer` must not be a `LossScaleOptimizer`: wrap the other way round, "
            "`LossScaleOptimizer` around this one. "
            f"Received: optimizer={optimizer!r}"
        )
    return optimizer


def public_config(optimizer) -> dict:
    """Returns the config of an optimizer, such that it loads on every backend.

    On PyTorch, Keras's optimizers are subclasses in private modules of that backend. Keras writes
    the names of these modules into its files; here the public name is written instead.
    """
    serialized = keras.optimizers.serialize(optimizer)
    public = getattr(keras.optimizers, type(optimizer).__name__, None)
    if public is not None and isinstance(optimizer, public):
        serialized = {**serialized, "module": "keras.optimizers", "registered_name": None}
    return serialized
