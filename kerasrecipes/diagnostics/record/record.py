"""Everything that was measured of a training."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from kerasrecipes.base.files import write_text
from kerasrecipes.diagnostics.record.data_facts import Data
from kerasrecipes.diagnostics.record.model_facts import Model, Optimizer, Output
from kerasrecipes.diagnostics.record.probes import Probe
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.record.trials import Trials

FORMAT = 1


@dataclass(frozen=True)
class Record:
    """What was measured of a training, as plain values; rules read nothing else.

    A part that is `None`, or empty, was not measured. `missing` says why.

    Args:
        model: Facts of the model.
        outputs: Its outputs, with their losses, metrics and targets.
        optimizer: Facts of the optimizer.
        data: Facts of the data.
        series: What was logged.
        probes: Looks at the model on a small fixed batch, the first one before the training.
        trials: Results of `check`.
        recipe: The recipe of a run, as plain data.
        versions: Of Keras and this package, and the backend's name.
        missing: Why a part is missing, by the part's name: `"series"`, `"data.duplicates"`.
        format: The version of this form.

    Example:

    >>> record = Record(series=Series({"loss": [2.3, float("nan")]}))
    >>> Record.from_json(record.to_json()).series.epochs
    {'loss': [2.3, None]}
    """

    model: Model | None = None
    outputs: tuple[Output, ...] = ()
    optimizer: Optimizer | None = None
    data: Data | None = None
    series: Series | None = None
    probes: tuple[Probe, ...] = ()
    trials: Trials | None = None
    recipe: dict[str, Any] | None = None
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def looks(self) -> tuple[Probe, ...]:
        """The looks at which the model was computed, and all of it was finite."""
        return tuple(
            look
            for look in self.probes
            if look.samples and look.layers and all(each.finite for each in look.layers.values())
        )

    @property
    def trend(self) -> tuple[Probe, ...]:
        """The same, if there is one before the training and one after some of it; else none."""
        looks = self.looks
        return looks if len(looks) > 1 and looks[-1].step > looks[0].step else ()

    def to_json(self) -> bytes:
        """Returns the record as JSON. NaN and infinities become null."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, text: bytes | str) -> "Record":
        """Returns the record that `to_json` has written.

        Raises:
            ValueError: If the text is no record, with the path of what is wrong in it.
        """
        try:
            record = msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise ValueError(
                "A record is the JSON that `Record.save` or `Doctor` has written. "
                f"Received text in which this is wrong: {error}"
            ) from error
        if record.format > FORMAT:
            raise ValueError(
                f"A record must be of format {FORMAT} or older. Received: format {record.format}, "
                "of a newer kerasrecipes; update it to read the record"
            )
        return record

    def save(self, path: str | Path) -> Path:
        """Writes the record to a JSON file, and returns its path."""
        path = Path(path)
        write_text(path, self.to_json().decode())
        return path

    @classmethod
    def load(cls, path: str | Path) -> "Record":
        """Returns the record of a file."""
        return cls.from_json(Path(path).read_bytes())

    def without(self, *parts: str) -> "Record":
        """Returns a copy that lacks some parts, as if they had not been measured.

        Example:

        >>> Record(series=Series({"loss": [1.0]})).without("series").series is None
        True
        """
        empty = Record()
        return replace(self, **{part: getattr(empty, part) for part in parts})
