"""What a run keeps so that every average of its weights can be compared in the end."""

from collections.abc import Sequence

import keras

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.optimizers.averages.power_average import PowerAverage


@keras.saving.register_keras_serializable(package="kerasrecipes")
class EveryAverage:
    """One run, every average: what is kept in training, and what is compared on validation after.

    The training is the one that it would be without, and each epoch is validated with the raw
    weights. Kept are two averages by a power of the step (`PowerAverage`), their values at several
    epochs, and the weights at the last epochs. At the end these are compared on validation:

    | candidate | what it is |
    |---|---|
    | last | the weights after the last step |
    | best epoch | those of the epoch that `monitor` of the recipe chose |
    | EMA of width ... | averages of several horizons, computed by least squares from the two |
    | SWA | the mean of the stored weights of the tail |
    | greedy soup | the mean of those of them that lower the log loss, one after another |
    | snapshots | if the rate has cycles that end with epochs: the weights there, and their mean |
    | ensemble | the mean of the snapshots' probabilities: for comparison, and never chosen |

    Those with batch normalization are scored with the statistics as they are and with new ones.
    The model gets what has the lowest log loss on validation, unless its accuracy there is
    significantly below that of the best epoch.

    Memory: a number a weight for each tracked width. Disk, in the run's folder `averages`: as many
    numbers for each of `stored`, and one a weight for each of `checkpoints` and each snapshot.

    Args:
        tracked_widths: Two or more floats in `(0, 0.288]`: relative widths of the averages that are
            kept during training. Defaults to `(0.05, 0.1)`, as in the paper.
        relative_widths: Floats in `(0, 0.288]`: of those that are computed and compared. Defaults
            to `(0.03, 0.05, 0.1, 0.15, 0.2)`.
        stored: Positive integer. At how many epochs, evenly spread over the run, the averages are
            stored. More of them make other widths more exact: with 16, the profiles of widths from
            0.04 to 0.2 are within 2.4% of the exact ones. Defaults to `16`.
        tail_fraction: Float in `(0, 1]`. The part of the run that `SWA` averages. Defaults to
            `0.25`.
        checkpoints: Positive integer. At how many epochs of the tail, evenly spread over it, the
            weights are stored; likewise how many snapshots are, the last ones. Defaults to `8`.

    Raises:
        ValueError: If an argument is out of its range, or two tracked widths are equal.

    Reference:
        Karras et al., 2023, https://arxiv.org/abs/2312.02696, section 3, for the post-hoc average;
        Wortsman et al., 2022, https://arxiv.org/abs/2203.05482, for the greedy soup. Differs from
        it in: its members are epochs of one run.
    """

    def __init__(
        self,
        tracked_widths: Sequence[float] = (0.05, 0.1),
        relative_widths: Sequence[float] = (0.03, 0.05, 0.1, 0.15, 0.2),
        stored: int = 16,
        tail_fraction: float = 0.25,
        checkpoints: int = 8,
    ):
        for name, widths in {
            "tracked_widths": tracked_widths,
            "relative_widths": relative_widths,
        }.items():
            for width in widths:
                check_number(name, width, above=0, at_most=0.288)
        if len(set(tracked_widths)) < 2 or len(set(tracked_widths)) < len(tracked_widths):
            raise ValueError(
                "`tracked_widths` must be two or more different widths, from which others are "
                f"computed. Received: tracked_widths={tracked_widths!r}"
            )
        check_integer("stored", stored, at_least=1)
        check_number("tail_fraction", tail_fraction, above=0, at_most=1)
        check_integer("checkpoints", checkpoints, at_least=1)
        self.tracked_widths = tracked_widths
        self.relative_widths = relative_widths
        self.stored = stored
        self.tail_fraction = tail_fraction
        self.checkpoints = checkpoints

    @property
    def averages(self) -> list[PowerAverage]:
        """The averages that the optimizer keeps."""
        return [PowerAverage(width) for width in self.tracked_widths]

    def get_config(self):
        return {
            "tracked_widths": [*self.tracked_widths],
            "relative_widths": [*self.relative_widths],
            "stored": self.stored,
            "tail_fraction": self.tail_fraction,
            "checkpoints": self.checkpoints,
        }

    @classmethod
    def from_config(cls, config: dict) -> "EveryAverage":
        """Returns what a config describes."""
        return cls(**config)
