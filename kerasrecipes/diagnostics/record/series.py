"""What a training logs, by epoch and by step."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Series:
    """Logged values by epoch, and by step. `None` among them stands for NaN and infinities.

    Args:
        epochs: By the name of what was logged, as in Keras's `History`: `"loss"`, `"val_loss"`,
            `"accuracy"`, `"learning_rate"`, ...; lists of the same length.
        planned_epochs: The number of epochs that were asked for.
        steps: By name, values at steps that are counted from 1 in `steps["step"]`.
        stopped_by: The class of the callback that ended the training before, `"stop_training"` if
            none says so, `"interruption"`, or `"divergence"`; `None` if all planned epochs were
            trained, or nothing is known.
        bad_step: The first step, counted from 1, whose loss was not finite.
        directions: `"max"` or `"min"` by the name of a metric, where it is known.
        restarts: The epochs, counted from 0, at which a cyclic schedule begins anew.
    """

    epochs: dict[str, list[float | None]] = field(default_factory=dict)
    planned_epochs: int | None = None
    steps: dict[str, list[float | None]] = field(default_factory=dict)
    stopped_by: str | None = None
    bad_step: int | None = None
    directions: dict[str, str] = field(default_factory=dict)
    restarts: tuple[int, ...] = ()

    def __len__(self) -> int:
        return max(map(len, self.epochs.values()), default=0)
