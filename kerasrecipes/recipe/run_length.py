"""The length of a run, for what is given in epochs or spans the whole run."""

from collections.abc import Mapping
from dataclasses import dataclass

from kerasrecipes.base.checks import check_number

# A schedule's length; left out, it means the whole run.
RUN_LENGTH_OPTIONS = ("total_steps", "decay_steps")


@dataclass(frozen=True)
class RunLength:
    """How long a run is, for options in epochs and schedules that span the whole run."""

    steps_per_epoch: int
    epochs: float  # Whole ones for a run; a part of it may have others.

    @property
    def total_steps(self) -> int:
        """The number of optimizer steps of the whole run."""
        return round(self.steps_per_epoch * self.epochs)

    def part(self, steps: int) -> "RunLength":
        """Returns the length of a part of the run, of that many steps."""
        return RunLength(self.steps_per_epoch, steps / self.steps_per_epoch)

    def steps(self, name: str, epochs):
        """Returns option `name`, a number of epochs or a sequence of them, as whole steps."""
        if isinstance(epochs, tuple):
            return tuple(self.steps(name, e) for e in epochs)
        check_number(name, epochs, at_least=0)
        return round(epochs * self.steps_per_epoch)

    def remaining_steps(self, schedule: str, option: str, arguments: Mapping) -> int:
        """Returns the length, an option of a schedule, that makes it last the whole run."""
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
    """Returns the name in steps of an option in epochs; any other name as it is."""
    return f"{option.removesuffix('_epochs')}_steps" if option.endswith("_epochs") else option
