"""Base class of averages of weights."""


class WeightAverage:
    """An average of the weights after each update, by the coefficients with which it moves.

    After update `t`, counted from 1, the average `a` of the weights `w` becomes

        a += coefficient(t) * (w - a)

    The first coefficient is 1, so that the average begins with `w` and no step number is needed to
    correct it. It is a function of the step and of nothing else: whoever knows the step can go on.

    A subclass is a plain value, which `WeightAveraging` takes and a recipe names in its field
    `averaging`.
    """

    @property
    def label(self) -> str:
        """What tables call the average, such as `"EMA 0.999"`."""
        raise NotImplementedError

    @property
    def averages(self) -> list["WeightAverage"]:
        """The averages that an optimizer has to keep: this one."""
        return [self]

    def coefficient(self, step):
        """Returns how far the average moves towards the weights.

        Args:
            step: The number of the update, from 1: a scalar float tensor.

        Returns:
            A scalar float tensor in `[0, 1]`.
        """
        raise NotImplementedError

    def get_config(self) -> dict:
        """Returns the arguments."""
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict) -> "WeightAverage":
        """Returns the average that a config describes."""
        return cls(**config)
