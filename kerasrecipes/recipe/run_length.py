"""Length of a run, for options in epochs and schedules that span the whole run."""

from collections.abc import Mapping
from dataclasses import dataclass

from kerasrecipes.base.checks import check_number

# Options that give the length of a schedule. If they are left out, it spans the whole run.
RUN_LENGTH_OPTIONS = ("total_steps", "decay_steps")


@dataclass(frozen=True)
class RunLength:
    """The length of a run.

    Args:
        steps_per_epoch: The number of optimizer steps in an epoch.
        epochs: The number of epochs. It is whole for a run, but not for every part of a run.
    """

    steps_per_epoch: int
    epochs: float

    @property
    def total_steps(self) -> int:
        """The number of optimizer steps of the whole run."""
        return round(self.steps_per_epoch * self.epochs)

    def part(self, steps: int) -> "RunLength":
        """Returns the length of a part of the run with the given number of steps."""
        return RunLength(self.steps_per_epoch, steps / self.steps_per_epoch)

    def steps(self, name: str, epochs):
        """Returns the value of option `name`, epochs or a sequence of them, in whole steps."""
        if isinstance(epochs, tuple):
            return tuple(self.steps(name, e) for e in epochs)
        check_number(name, epochs, at_least=0)
        return round(epochs * self.steps_per_epoch)

    def remaining_steps(self, schedule: str, option: str, arguments: Mapping) -> int:
        """Returns the value with which a schedule's length `option` spans the whole run."""
        if option != "decay_steps" or not arguments.get("warmup_steps"):
            return self.total_steps
        # Keras counts a decay from the end of its warmup.
        left = self.total_steps - arguments["warmup_steps"]
        if left < 1:
            raise ValueError(
                f"The warmup of {schedule} must be shorter than the run of {self.total_steps} "
                f"steps ({self.epochs:g} epochs). Received: {arguments['warmup_steps']} steps"
            )
        return left


def in_steps(option: str) -> str:
    """Returns the name in steps of an option in epochs. Other names are returned as they are."""
    return f"{option.removesuffix('_epochs')}_steps" if option.endswith("_epochs") else option
