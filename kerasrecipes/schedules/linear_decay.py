"""Linear decay of the learning rate."""

import keras

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.schedules.pieces import Piece, piecewise


@keras.saving.register_keras_serializable(package="kerasrecipes")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Lowers the learning rate in a straight line to a fraction of its first value.

    At step `k`, with `tau = decay_steps`:

        alpha = min(k / tau, 1)
        learning_rate = (1 - alpha) * initial_learning_rate
                        + alpha * end_fraction * initial_learning_rate

    When to use: where the length of the run is known and you want to tune a single number. With
    `end_fraction=0` it is a strong default for fine-tuning and for short runs.

    Args:
        initial_learning_rate: Positive float. Learning rate at step 0.
        decay_steps: Positive integer. Step at which the decay ends. In a recipe it may be left out,
            and is then the length of the run.
        end_fraction: Float in `[0, 1]`. Last learning rate over the first. Defaults to `0.01`.

    Call arguments:
        step: Integer or float, or a tensor of one or several steps.

    Returns:
        The learning rate, float32, of the shape of `step`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> schedule = LinearDecay(0.1, decay_steps=100)
    >>> [round(float(schedule(step)), 6) for step in (0, 50, 100, 1000)]
    [0.1, 0.0505, 0.001, 0.001]

    Reference:
        Goodfellow, Bengio and Courville, 2016, https://www.deeplearningbook.org, equation 8.14,
        with an end at about 1%. `keras.optimizers.schedules.PolynomialDecay` ends at a learning
        rate of 1e-4 instead, whatever the first one is.
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, end_fraction: float = 0.01):
        super().__init__()
        check_number("initial_learning_rate", initial_learning_rate, above=0)
        check_integer("decay_steps", decay_steps, at_least=1)
        check_number("end_fraction", end_fraction, at_least=0, at_most=1)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_fraction = end_fraction

    def __call__(self, step):
        end = self.initial_learning_rate * self.end_fraction
        return piecewise(step, [Piece(0, self.decay_steps, self.initial_learning_rate, end)])

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_fraction": self.end_fraction,
        }
